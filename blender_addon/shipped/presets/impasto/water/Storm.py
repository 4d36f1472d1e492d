# SPDX-License-Identifier: GPL-3.0-or-later
"""Storm: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.water
parameters.waves = 0.95
parameters.ripples = 0.8
parameters.foam = 0.45
parameters.color = (0.1, 0.19, 0.22)
