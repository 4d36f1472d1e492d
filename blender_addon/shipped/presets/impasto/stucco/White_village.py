# SPDX-License-Identifier: GPL-3.0-or-later
"""Thick whitewash over thrown lumps."""

import bpy

parameters = bpy.context.scene.impasto_parameters.stucco
parameters.lump_m = 0.022
parameters.relief = 0.35
parameters.density = 0.55
parameters.sand = 0.1
parameters.stains = 0.15
parameters.color = (0.85, 0.84, 0.81)
parameters.width_m = 1.2
