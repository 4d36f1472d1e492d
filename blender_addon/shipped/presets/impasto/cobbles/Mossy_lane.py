# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounded stones that few walk on."""

import bpy

parameters = bpy.context.scene.impasto_parameters.cobbles
parameters.roundness = 0.85
parameters.irregular = 0.8
parameters.joint_m = 0.022
parameters.sand_color = (0.3, 0.26, 0.2)
parameters.moss = 0.45
parameters.stone_m = 0.12
