# SPDX-License-Identifier: GPL-3.0-or-later
"""Bright metal where rust has begun."""

import bpy

parameters = bpy.context.scene.impasto_parameters.rust
parameters.cover = 0.3
parameters.flakes = 0.15
parameters.pits = 0.4
parameters.runs = 0.5
parameters.metal_roughness = 0.42
