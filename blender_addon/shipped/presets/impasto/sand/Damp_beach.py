# SPDX-License-Identifier: GPL-3.0-or-later
"""Smooth and dark, where the tide has left."""

import bpy

parameters = bpy.context.scene.impasto_parameters.sand
parameters.ripples = 0.25
parameters.ripple_m = 0.12
parameters.hollows = 0.3
parameters.damp = 1.0
parameters.pebbles = 0.0
parameters.color = (0.62, 0.54, 0.43)
