# SPDX-License-Identifier: GPL-3.0-or-later
"""Cement thrown on a wall by the sea."""

import bpy

parameters = bpy.context.scene.impasto_parameters.stucco
parameters.density = 0.9
parameters.relief = 0.8
parameters.stains = 0.5
parameters.color = (0.58, 0.57, 0.54)
