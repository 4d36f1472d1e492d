# SPDX-License-Identifier: GPL-3.0-or-later
"""Dark paint that salt water has eaten."""

import bpy

parameters = bpy.context.scene.impasto_parameters.metal_plates
parameters.paint = 0.8
parameters.color = (0.2, 0.23, 0.26)
parameters.rust = 0.85
parameters.rubbed = 0.2
parameters.dents = 0.6
parameters.width_m = 1.8
