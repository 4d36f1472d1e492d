# SPDX-License-Identifier: GPL-3.0-or-later
"""Grooves of a float, in the yellow of many facades."""

import bpy

parameters = bpy.context.scene.impasto_parameters.stucco
parameters.finish = "scraped"
parameters.lump_m = 0.008
parameters.density = 0.55
parameters.relief = 0.5
parameters.stains = 0.25
parameters.color = (0.77, 0.66, 0.45)
