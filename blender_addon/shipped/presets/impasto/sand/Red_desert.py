# SPDX-License-Identifier: GPL-3.0-or-later
"""Iron-red sand of inner Australia."""

import bpy

parameters = bpy.context.scene.impasto_parameters.sand
parameters.color = (0.63, 0.4, 0.28)
parameters.dark_color = (0.38, 0.21, 0.15)
parameters.pebbles = 0.0
parameters.ripples = 0.5
parameters.ripple_m = 0.11
parameters.forks = 0.6
