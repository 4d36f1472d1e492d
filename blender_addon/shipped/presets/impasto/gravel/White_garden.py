# SPDX-License-Identifier: GPL-3.0-or-later
"""Washed pale pebbles."""

import bpy

parameters = bpy.context.scene.impasto_parameters.gravel
parameters.angular = 0.3
parameters.stone_m = 0.025
parameters.sizes = 0.35
parameters.color = (0.82, 0.8, 0.76)
parameters.second_color = (0.74, 0.71, 0.66)
parameters.third_color = (0.66, 0.62, 0.57)
parameters.color_variation = 0.35
parameters.cover = 1.0
