# SPDX-License-Identifier: GPL-3.0-or-later
"""Small squares of reddish wood under a high gloss."""

import bpy

parameters = bpy.context.scene.impasto_parameters.parquet
parameters.pattern = "mosaic"
parameters.strip_m = 0.025
parameters.length_m = 0.125
parameters.color = (0.48, 0.25, 0.16)
parameters.late_color = (0.31, 0.14, 0.09)
parameters.color_variation = 0.6
parameters.varnish = 0.95
parameters.scuffs = 0.1
parameters.width_m = 1.0
