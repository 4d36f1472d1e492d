# SPDX-License-Identifier: GPL-3.0-or-later
"""Indigo warp over white weft, in twill."""

import bpy

parameters = bpy.context.scene.impasto_parameters.weave
parameters.weave = "twill"
parameters.thread_m = 0.0006
parameters.width_m = 0.05
parameters.color = (0.2, 0.25, 0.36)
parameters.weft_color = (0.6, 0.61, 0.62)
parameters.color_variation = 0.45
parameters.fullness = 1.0
parameters.crimp = 0.35
parameters.fuzz = 0.7
parameters.irregular = 0.55
