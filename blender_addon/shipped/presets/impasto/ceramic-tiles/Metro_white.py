# SPDX-License-Identifier: GPL-3.0-or-later
"""White bevelled tiles of underground stations."""

import bpy

parameters = bpy.context.scene.impasto_parameters.ceramic_tiles
parameters.shape = "subway"
parameters.tile_m = 0.075
parameters.joint_m = 0.003
parameters.bevel_m = 0.009
parameters.glaze = 0.95
parameters.uneven = 0.2
parameters.color = (0.89, 0.89, 0.87)
parameters.color_variation = 0.12
parameters.grout_color = (0.6, 0.59, 0.57)
parameters.width_m = 0.9
