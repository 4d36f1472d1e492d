# SPDX-License-Identifier: GPL-3.0-or-later
"""Thick fresh moss of a stream bank."""

import bpy

parameters = bpy.context.scene.impasto_parameters.moss
parameters.color = (0.34, 0.42, 0.14)
parameters.tip_color = (0.64, 0.69, 0.28)
parameters.dry = 0.0
parameters.cover = 1.0
parameters.stalks = 0.05
parameters.height_m = 0.026
parameters.width_m = 0.6
