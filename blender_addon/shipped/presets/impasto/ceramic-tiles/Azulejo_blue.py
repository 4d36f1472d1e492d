# SPDX-License-Identifier: GPL-3.0-or-later
"""Old blue tiles with a fine net of cracks."""

import bpy

parameters = bpy.context.scene.impasto_parameters.ceramic_tiles
parameters.tile_m = 0.14
parameters.joint_m = 0.0025
parameters.bevel_m = 0.003
parameters.glaze = 0.9
parameters.crazing = 0.6
parameters.uneven = 0.45
parameters.color = (0.18, 0.3, 0.5)
parameters.color_variation = 0.75
parameters.grout_color = (0.7, 0.67, 0.61)
