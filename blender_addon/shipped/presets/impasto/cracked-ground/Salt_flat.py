# SPDX-License-Identifier: GPL-3.0-or-later
"""White plates with raised rims."""

import bpy

parameters = bpy.context.scene.impasto_parameters.cracked_ground
parameters.color = (0.83, 0.81, 0.77)
parameters.rim_color = (0.88, 0.87, 0.84)
parameters.crack_color = (0.66, 0.6, 0.53)
parameters.plate_m = 0.3
parameters.depth_m = 0.012
parameters.curl = 0.85
parameters.crumbs = 0.3
parameters.color_variation = 0.2
