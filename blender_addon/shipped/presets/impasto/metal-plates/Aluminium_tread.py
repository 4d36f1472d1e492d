# SPDX-License-Identifier: GPL-3.0-or-later
"""Bright diamond plate, as on stairs and trucks."""

import bpy

parameters = bpy.context.scene.impasto_parameters.metal_plates
parameters.pattern = "diamond"
parameters.metal_color = (0.9, 0.9, 0.905)
parameters.rust = 0.0
parameters.rubbed = 0.7
parameters.dents = 0.1
parameters.tread_m = 0.035
parameters.width_m = 0.5
