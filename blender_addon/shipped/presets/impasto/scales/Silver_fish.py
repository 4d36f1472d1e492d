# SPDX-License-Identifier: GPL-3.0-or-later
"""Small round scales, wet."""

import bpy

parameters = bpy.context.scene.impasto_parameters.scales
parameters.scale_m = 0.006
parameters.width_m = 0.08
parameters.overlap = 0.7
parameters.lift = 0.2
parameters.irregular = 0.2
parameters.color = (0.6, 0.62, 0.64)
parameters.root_color = (0.32, 0.35, 0.38)
parameters.spot_color = (0.48, 0.52, 0.55)
parameters.shine = 0.95
