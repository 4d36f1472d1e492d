# SPDX-License-Identifier: GPL-3.0-or-later
"""Bright sheets with their crystals."""

import bpy

parameters = bpy.context.scene.impasto_parameters.corrugated_sheet
parameters.rust = 0.0
parameters.weathered = 0.0
parameters.dents = 0.05
parameters.spangle = 0.7
