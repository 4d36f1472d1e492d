# SPDX-License-Identifier: GPL-3.0-or-later
"""A wall that was painted many times, joints and all."""

import bpy

parameters = bpy.context.scene.impasto_parameters.bricks
parameters.color = (0.85, 0.84, 0.81)
parameters.second_color = (0.82, 0.81, 0.78)
parameters.color_variation = 0.08
parameters.mortar_color = (0.83, 0.82, 0.79)
parameters.joint_depth = 0.35
parameters.irregular = 0.7
parameters.roughness = 0.55
