# SPDX-License-Identifier: GPL-3.0-or-later
"""Faded red paint, rusting at the screws."""

import bpy

parameters = bpy.context.scene.impasto_parameters.corrugated_sheet
parameters.paint = 0.9
parameters.color = (0.46, 0.19, 0.15)
parameters.rust = 0.35
parameters.weathered = 0.35
