# SPDX-License-Identifier: GPL-3.0-or-later
"""Edges that hands and feet have rubbed bright."""

import bpy

parameters = bpy.context.scene.impasto_parameters.weathering
parameters.wear = 0.8
parameters.dirt = 0.2
parameters.size = 0.012
parameters.breakup = 0.7
