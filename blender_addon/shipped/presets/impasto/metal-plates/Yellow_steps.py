# SPDX-License-Identifier: GPL-3.0-or-later
"""Five-bar tread in worn yellow."""

import bpy

parameters = bpy.context.scene.impasto_parameters.metal_plates
parameters.pattern = "bars"
parameters.paint = 1.0
parameters.color = (0.72, 0.56, 0.15)
parameters.rust = 0.1
parameters.rubbed = 0.9
parameters.width_m = 0.6
