# SPDX-License-Identifier: GPL-3.0-or-later
"""Thin dark layers that split."""

import bpy

parameters = bpy.context.scene.impasto_parameters.rock
parameters.layers = 1.0
parameters.layer_m = 0.07
parameters.blocks = 0.6
parameters.block_m = 0.3
parameters.color = (0.36, 0.37, 0.4)
parameters.second_color = (0.27, 0.28, 0.31)
parameters.color_variation = 0.45
parameters.stains = 0.2
parameters.cracks = 0.2
parameters.lichen = 0.0
parameters.roughness = 0.55
parameters.width_m = 2.0
