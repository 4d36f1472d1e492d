# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiles cut by hand, each with its own green and tilt."""

import bpy

parameters = bpy.context.scene.impasto_parameters.ceramic_tiles
parameters.tile_m = 0.1
parameters.joint_m = 0.0015
parameters.bevel_m = 0.0025
parameters.glaze = 1.0
parameters.uneven = 1.0
parameters.crazing = 0.2
parameters.color = (0.16, 0.38, 0.31)
parameters.color_variation = 0.95
parameters.grout_color = (0.62, 0.6, 0.55)
parameters.width_m = 1.0
