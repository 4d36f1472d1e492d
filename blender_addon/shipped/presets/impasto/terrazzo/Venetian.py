# SPDX-License-Identifier: GPL-3.0-or-later
"""Large chips of many marbles, closely packed."""

import bpy

parameters = bpy.context.scene.impasto_parameters.terrazzo
parameters.chip_m = 0.045
parameters.density = 0.85
parameters.color = (0.84, 0.8, 0.72)
parameters.second_color = (0.57, 0.37, 0.31)
parameters.third_color = (0.4, 0.43, 0.4)
parameters.binder_color = (0.72, 0.65, 0.55)
parameters.color_variation = 0.8
