# SPDX-License-Identifier: GPL-3.0-or-later
"""Thin polished coats in deep red."""

import bpy

parameters = bpy.context.scene.impasto_parameters.plaster
parameters.trowel = 0.3
parameters.sand = 0.0
parameters.cracks = 0.0
parameters.repairs = 0.0
parameters.stroke_m = 0.2
parameters.color = (0.52, 0.27, 0.21)
parameters.roughness = 0.34
parameters.width_m = 1.6
