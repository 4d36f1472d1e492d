# SPDX-License-Identifier: GPL-3.0-or-later
"""Unglazed clay, fired unevenly."""

import bpy

parameters = bpy.context.scene.impasto_parameters.ceramic_tiles
parameters.tile_m = 0.3
parameters.joint_m = 0.009
parameters.bevel_m = 0.006
parameters.glaze = 0.08
parameters.uneven = 0.6
parameters.color = (0.63, 0.39, 0.27)
parameters.color_variation = 0.9
parameters.grout_color = (0.56, 0.52, 0.46)
parameters.width_m = 2.4
