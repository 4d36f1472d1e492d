# SPDX-License-Identifier: GPL-3.0-or-later
"""Deep furrows, green on one side."""

import bpy

parameters = bpy.context.scene.impasto_parameters.bark
parameters.depth_m = 0.016
parameters.ridge_m = 0.036
parameters.color = (0.48, 0.43, 0.37)
parameters.furrow_color = (0.19, 0.15, 0.12)
parameters.twist = 0.55
parameters.lichen = 0.45
