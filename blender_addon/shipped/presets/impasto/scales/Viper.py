# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeled and dry, dark bands on grey."""

import bpy

parameters = bpy.context.scene.impasto_parameters.scales
parameters.shape = "keeled"
parameters.scale_m = 0.007
parameters.width_m = 0.1
parameters.overlap = 0.35
parameters.lift = 0.3
parameters.color = (0.5, 0.45, 0.37)
parameters.root_color = (0.24, 0.21, 0.17)
parameters.spot_color = (0.2, 0.16, 0.12)
parameters.pattern = 0.42
parameters.shine = 0.25
