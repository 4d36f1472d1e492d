# SPDX-License-Identifier: GPL-3.0-or-later
"""Thin blue-grey slates."""

import bpy

parameters = bpy.context.scene.impasto_parameters.roof_tiles
parameters.kind = "slate"
parameters.tile_m = 0.25
parameters.row_m = 0.22
parameters.thickness_m = 0.006
parameters.color = (0.35, 0.37, 0.42)
parameters.second_color = (0.29, 0.29, 0.33)
parameters.color_variation = 0.6
parameters.roughness = 0.55
parameters.age = 0.35
