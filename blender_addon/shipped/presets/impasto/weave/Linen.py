# SPDX-License-Identifier: GPL-3.0-or-later
"""Uneven flax in its natural colour."""

import bpy

parameters = bpy.context.scene.impasto_parameters.weave
parameters.thread_m = 0.0009
parameters.width_m = 0.04
parameters.fullness = 0.8
parameters.irregular = 0.85
parameters.fuzz = 0.3
parameters.color = (0.74, 0.67, 0.55)
parameters.weft_color = (0.7, 0.63, 0.51)
