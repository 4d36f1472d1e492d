# SPDX-License-Identifier: GPL-3.0-or-later
"""Coloured chips in white, few and large."""

import bpy

parameters = bpy.context.scene.impasto_parameters.terrazzo
parameters.color = (0.83, 0.56, 0.48)
parameters.second_color = (0.45, 0.6, 0.57)
parameters.third_color = (0.82, 0.68, 0.4)
parameters.binder_color = (0.88, 0.87, 0.84)
parameters.density = 0.4
parameters.fine = 0.2
parameters.chip_m = 0.035
