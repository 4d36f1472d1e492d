# SPDX-License-Identifier: GPL-3.0-or-later
"""Long dark strips, oiled."""

import bpy

parameters = bpy.context.scene.impasto_parameters.parquet
parameters.pattern = "strip"
parameters.strip_m = 0.09
parameters.length_m = 0.7
parameters.color = (0.4, 0.29, 0.2)
parameters.late_color = (0.25, 0.17, 0.12)
parameters.color_variation = 0.4
parameters.varnish = 0.35
parameters.scuffs = 0.15
parameters.figure = 0.5
