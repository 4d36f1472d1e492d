# SPDX-License-Identifier: GPL-3.0-or-later
"""Yellow blades over bare earth."""

import bpy

parameters = bpy.context.scene.impasto_parameters.grass
parameters.density = 0.4
parameters.dry = 0.85
parameters.blade_m = 0.045
parameters.color = (0.4, 0.42, 0.16)
parameters.soil_color = (0.38, 0.3, 0.21)
