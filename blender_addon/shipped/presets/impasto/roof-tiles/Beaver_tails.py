# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounded tiles of an old town."""

import bpy

parameters = bpy.context.scene.impasto_parameters.roof_tiles
parameters.kind = "scallop"
parameters.tile_m = 0.18
parameters.row_m = 0.15
parameters.thickness_m = 0.013
parameters.color = (0.6, 0.34, 0.23)
parameters.second_color = (0.44, 0.23, 0.17)
parameters.color_variation = 0.7
parameters.width_m = 2.0
