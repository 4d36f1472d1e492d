# SPDX-License-Identifier: GPL-3.0-or-later
"""Small setts of reddish stone, closely laid."""

import bpy

parameters = bpy.context.scene.impasto_parameters.cobbles
parameters.stone_m = 0.095
parameters.joint_m = 0.01
parameters.irregular = 0.4
parameters.roundness = 0.35
parameters.color = (0.5, 0.38, 0.35)
parameters.second_color = (0.42, 0.36, 0.37)
parameters.color_variation = 0.65
parameters.sand_color = (0.45, 0.4, 0.34)
parameters.polish = 0.25
parameters.width_m = 1.3
