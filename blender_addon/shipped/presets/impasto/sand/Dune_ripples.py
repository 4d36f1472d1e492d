# SPDX-License-Identifier: GPL-3.0-or-later
"""Fine and dry, in sharp ripples."""

import bpy

parameters = bpy.context.scene.impasto_parameters.sand
parameters.ripples = 0.9
parameters.ripple_m = 0.075
parameters.forks = 0.45
parameters.hollows = 0.2
parameters.pebbles = 0.0
parameters.grain_m = 0.001
parameters.color = (0.76, 0.65, 0.48)
