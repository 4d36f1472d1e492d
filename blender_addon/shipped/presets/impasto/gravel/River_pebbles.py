# SPDX-License-Identifier: GPL-3.0-or-later
"""Round stones of many kinds."""

import bpy

parameters = bpy.context.scene.impasto_parameters.gravel
parameters.angular = 0.0
parameters.stone_m = 0.045
parameters.sizes = 0.8
parameters.flat = 0.5
parameters.color_variation = 0.8
parameters.cover = 1.0
parameters.roughness = 0.5
parameters.earth_color = (0.4, 0.36, 0.3)
