# SPDX-License-Identifier: GPL-3.0-or-later
"""Wet snow, earth and last year's grass."""

import bpy

parameters = bpy.context.scene.impasto_parameters.snow
parameters.fresh = 0.15
parameters.melted = 0.45
parameters.lumps = 0.4
parameters.litter = 0.5
parameters.ripples = 0.15
parameters.sparkle = 0.15
parameters.width_m = 3.5
