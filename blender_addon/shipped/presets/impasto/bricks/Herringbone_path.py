# SPDX-License-Identifier: GPL-3.0-or-later
"""Paving bricks in sand, with moss between them."""

import bpy

parameters = bpy.context.scene.impasto_parameters.bricks
parameters.bond = "herringbone"
parameters.length_m = 0.2
parameters.course_m = 0.1
parameters.joint_m = 0.005
parameters.joint_depth = 0.35
parameters.color = (0.54, 0.31, 0.24)
parameters.second_color = (0.38, 0.23, 0.2)
parameters.color_variation = 0.65
parameters.mortar_color = (0.47, 0.42, 0.34)
parameters.moss = 0.25
parameters.width_m = 2.0
