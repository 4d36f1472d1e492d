# SPDX-License-Identifier: GPL-3.0-or-later
"""Black rock of a coast, just left by a wave."""

import bpy

parameters = bpy.context.scene.impasto_parameters.rock
parameters.layers = 0.15
parameters.blocks = 0.8
parameters.block_m = 0.32
parameters.color = (0.29, 0.29, 0.3)
parameters.second_color = (0.22, 0.22, 0.23)
parameters.color_variation = 0.3
parameters.stains = 0.15
parameters.lichen = 0.0
parameters.cracks = 0.3
parameters.roughness = 0.33
