# SPDX-License-Identifier: GPL-3.0-or-later
"""Large pale stones, fitted to each other."""

import bpy

parameters = bpy.context.scene.impasto_parameters.stone_wall
parameters.masonry = "polygonal"
parameters.width_m = 3.0
parameters.joint_m = 0.01
parameters.joint_depth = 0.8
parameters.rough = 0.4
parameters.color = (0.72, 0.69, 0.62)
parameters.second_color = (0.66, 0.64, 0.59)
parameters.third_color = (0.74, 0.68, 0.58)
parameters.mortar_color = (0.45, 0.42, 0.36)
