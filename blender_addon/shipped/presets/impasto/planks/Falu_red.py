# SPDX-License-Identifier: GPL-3.0-or-later
"""Rough boards under the red paint of Swedish barns."""

import bpy

parameters = bpy.context.scene.impasto_parameters.planks
parameters.color = (0.49, 0.2, 0.15)
parameters.late_color = (0.33, 0.115, 0.09)
parameters.relief = 0.8
parameters.cracks = 0.3
parameters.color_variation = 0.25
parameters.varnish = 0.0
parameters.gap_m = 0.008
parameters.bevel_m = 0.004
parameters.knots = 0.3
