# SPDX-License-Identifier: GPL-3.0-or-later
"""Navy and white."""

import bpy

parameters = bpy.context.scene.impasto_parameters.knit
parameters.stripes = 6
parameters.stitch_m = 0.0035
parameters.width_m = 0.09
parameters.thickness = 0.8
parameters.color = (0.14, 0.17, 0.28)
parameters.second_color = (0.86, 0.84, 0.79)
parameters.fuzz = 0.25
