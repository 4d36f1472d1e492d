# SPDX-License-Identifier: GPL-3.0-or-later
"""Yellow bricks of the nineteenth century in Flemish bond, a little sooty."""

import bpy

parameters = bpy.context.scene.impasto_parameters.bricks
parameters.bond = "flemish"
parameters.color = (0.7, 0.6, 0.43)
parameters.second_color = (0.5, 0.41, 0.31)
parameters.color_variation = 0.7
parameters.mortar_color = (0.64, 0.61, 0.55)
parameters.irregular = 0.6
parameters.width_m = 2.2
