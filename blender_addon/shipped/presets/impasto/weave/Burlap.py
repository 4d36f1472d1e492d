# SPDX-License-Identifier: GPL-3.0-or-later
"""Open jute of sacks."""

import bpy

parameters = bpy.context.scene.impasto_parameters.weave
parameters.thread_m = 0.0022
parameters.fullness = 0.62
parameters.irregular = 0.9
parameters.fuzz = 0.7
parameters.color = (0.6, 0.48, 0.32)
parameters.weft_color = (0.56, 0.44, 0.29)
parameters.color_variation = 0.6
parameters.width_m = 0.08
