# SPDX-License-Identifier: GPL-3.0-or-later
"""Thick cream wool of fishermen's jumpers."""

import bpy

parameters = bpy.context.scene.impasto_parameters.knit
parameters.stitch_m = 0.0085
parameters.pattern = "ribbed"
parameters.thickness = 0.9
parameters.color = (0.85, 0.8, 0.69)
parameters.fuzz = 0.6
parameters.irregular = 0.5
parameters.width_m = 0.14
