# SPDX-License-Identifier: GPL-3.0-or-later
"""Painted plates with rivets, well kept."""

import bpy

parameters = bpy.context.scene.impasto_parameters.metal_plates
parameters.paint = 1.0
parameters.color = (0.45, 0.48, 0.5)
parameters.rust = 0.15
parameters.rubbed = 0.2
parameters.width_m = 1.8
