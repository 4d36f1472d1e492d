# SPDX-License-Identifier: GPL-3.0-or-later
"""Massive blocks without layers."""

import bpy

parameters = bpy.context.scene.impasto_parameters.rock
parameters.layers = 0.0
parameters.blocks = 0.75
parameters.block_m = 0.5
parameters.cracks = 0.4
parameters.color = (0.56, 0.54, 0.52)
parameters.second_color = (0.45, 0.43, 0.42)
parameters.color_variation = 0.35
parameters.stains = 0.25
parameters.lichen = 0.0
