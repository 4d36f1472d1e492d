# SPDX-License-Identifier: GPL-3.0-or-later
"""The grain of rough boards, cast in concrete."""

import bpy

parameters = bpy.context.scene.impasto_parameters.concrete
parameters.formwork = "boards"
parameters.board_m = 0.1
parameters.stains = 0.35
parameters.pores = 0.35
parameters.color = (0.56, 0.55, 0.53)
