# SPDX-License-Identifier: GPL-3.0-or-later
"""Coarse grains of lava."""

import bpy

parameters = bpy.context.scene.impasto_parameters.sand
parameters.color = (0.22, 0.215, 0.21)
parameters.dark_color = (0.11, 0.11, 0.11)
parameters.ripples = 0.2
parameters.grain_m = 0.003
parameters.pebbles = 0.0
parameters.hollows = 0.5
parameters.color_variation = 0.4
