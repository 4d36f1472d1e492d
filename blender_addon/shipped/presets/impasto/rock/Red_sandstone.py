# SPDX-License-Identifier: GPL-3.0-or-later
"""Bedded and worn round by wind."""

import bpy

parameters = bpy.context.scene.impasto_parameters.rock
parameters.layers = 0.9
parameters.layer_m = 0.16
parameters.blocks = 0.2
parameters.cracks = 0.2
parameters.relief = 0.45
parameters.color = (0.62, 0.42, 0.31)
parameters.second_color = (0.5, 0.31, 0.23)
parameters.color_variation = 0.7
parameters.stains = 0.25
parameters.lichen = 0.0
parameters.roughness = 0.85
