# SPDX-License-Identifier: GPL-3.0-or-later
"""Flat stones without mortar, as around a field."""

import bpy

parameters = bpy.context.scene.impasto_parameters.stone_wall
parameters.flat = 0.85
parameters.joint_m = 0.012
parameters.joint_depth = 1.0
parameters.rough = 0.75
parameters.irregular = 0.8
parameters.stone_m = 0.3
parameters.mortar_color = (0.17, 0.15, 0.12)
parameters.color = (0.5, 0.48, 0.44)
parameters.second_color = (0.41, 0.41, 0.4)
parameters.third_color = (0.52, 0.47, 0.39)
parameters.moss = 0.12
