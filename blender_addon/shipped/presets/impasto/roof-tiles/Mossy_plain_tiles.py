# SPDX-License-Identifier: GPL-3.0-or-later
"""A north side that never dries."""

import bpy

parameters = bpy.context.scene.impasto_parameters.roof_tiles
parameters.kind = "flat"
parameters.tile_m = 0.17
parameters.row_m = 0.14
parameters.thickness_m = 0.012
parameters.color = (0.47, 0.27, 0.2)
parameters.second_color = (0.32, 0.2, 0.16)
parameters.age = 0.7
parameters.moss = 0.4
parameters.width_m = 2.0
