# SPDX-License-Identifier: GPL-3.0-or-later
"""Black soot that leaves only what stands out."""

import bpy

parameters = bpy.context.scene.impasto_parameters.weathering
parameters.wear = 0.15
parameters.dirt = 0.9
parameters.dirt_color = (0.07, 0.065, 0.06)
parameters.size = 0.03
