# SPDX-License-Identifier: GPL-3.0-or-later
"""White and grey chips in black."""

import bpy

parameters = bpy.context.scene.impasto_parameters.terrazzo
parameters.color = (0.86, 0.85, 0.82)
parameters.second_color = (0.52, 0.52, 0.52)
parameters.third_color = (0.62, 0.54, 0.44)
parameters.binder_color = (0.11, 0.11, 0.12)
parameters.density = 0.45
parameters.chip_m = 0.025
parameters.polish = 0.9
