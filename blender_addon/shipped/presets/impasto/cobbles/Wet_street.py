# SPDX-License-Identifier: GPL-3.0-or-later
"""Granite after rain."""

import bpy

parameters = bpy.context.scene.impasto_parameters.cobbles
parameters.color = (0.42, 0.42, 0.42)
parameters.second_color = (0.47, 0.43, 0.39)
parameters.sand_color = (0.33, 0.3, 0.26)
parameters.wetness = 0.55
parameters.polish = 0.6
