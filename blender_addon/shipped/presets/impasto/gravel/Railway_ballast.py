# SPDX-License-Identifier: GPL-3.0-or-later
"""Sharp grey stones, brown with iron."""

import bpy

parameters = bpy.context.scene.impasto_parameters.gravel
parameters.angular = 1.0
parameters.stone_m = 0.05
parameters.sizes = 0.4
parameters.flat = 0.15
parameters.color = (0.43, 0.41, 0.39)
parameters.second_color = (0.42, 0.35, 0.3)
parameters.third_color = (0.33, 0.31, 0.3)
parameters.cover = 1.0
parameters.dirt = 0.25
parameters.width_m = 1.0
