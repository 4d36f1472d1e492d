# SPDX-License-Identifier: GPL-3.0-or-later
"""Squared blocks of warm sandstone."""

import bpy

parameters = bpy.context.scene.impasto_parameters.stone_wall
parameters.masonry = "ashlar"
parameters.joint_m = 0.007
parameters.joint_depth = 0.3
parameters.rough = 0.35
parameters.irregular = 0.25
parameters.color = (0.72, 0.6, 0.43)
parameters.second_color = (0.66, 0.53, 0.38)
parameters.third_color = (0.76, 0.66, 0.51)
parameters.mortar_color = (0.72, 0.65, 0.54)
