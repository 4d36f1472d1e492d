# SPDX-License-Identifier: GPL-3.0-or-later
"""Trapezoid sheets of a hall, hardly aged."""

import bpy

parameters = bpy.context.scene.impasto_parameters.corrugated_sheet
parameters.profile = "trapezoid"
parameters.wave_m = 0.15
parameters.depth_m = 0.025
parameters.paint = 1.0
parameters.color = (0.26, 0.36, 0.3)
parameters.rust = 0.0
parameters.weathered = 0.2
parameters.dents = 0.1
parameters.sheet_m = 3.0
parameters.width_m = 3.0
