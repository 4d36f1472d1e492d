# SPDX-License-Identifier: GPL-3.0-or-later
"""Small white hexagons, satin, in grey grout."""

import bpy

parameters = bpy.context.scene.impasto_parameters.ceramic_tiles
parameters.shape = "hexagon"
parameters.tile_m = 0.05
parameters.joint_m = 0.0025
parameters.bevel_m = 0.0012
parameters.glaze = 0.6
parameters.uneven = 0.15
parameters.color = (0.87, 0.87, 0.85)
parameters.color_variation = 0.15
parameters.grout_color = (0.5, 0.49, 0.47)
parameters.width_m = 0.7
