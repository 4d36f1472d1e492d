# SPDX-License-Identifier: GPL-3.0-or-later
"""An entrance hall of the fifties."""

import bpy

parameters = bpy.context.scene.impasto_parameters.terrazzo
parameters.strips = True
parameters.chip_m = 0.012
parameters.color = (0.8, 0.8, 0.78)
parameters.second_color = (0.45, 0.45, 0.45)
parameters.third_color = (0.17, 0.17, 0.18)
parameters.binder_color = (0.58, 0.58, 0.57)
parameters.width_m = 1.2
