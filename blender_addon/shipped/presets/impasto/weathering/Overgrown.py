# SPDX-License-Identifier: GPL-3.0-or-later
"""Thick moss out of every crevice, with little dirt and no wear."""

import bpy

parameters = bpy.context.scene.impasto_parameters.weathering
parameters.wear = 0.0
parameters.dirt = 0.3
parameters.moss = 0.6
parameters.size = 0.025
