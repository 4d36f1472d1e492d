# SPDX-License-Identifier: GPL-3.0-or-later
"""Dense, short and green."""

import bpy

parameters = bpy.context.scene.impasto_parameters.grass
parameters.density = 0.95
parameters.dry = 0.0
parameters.blade_m = 0.035
parameters.blade_width_m = 0.0026
parameters.color = (0.27, 0.42, 0.1)
parameters.width_m = 0.6
