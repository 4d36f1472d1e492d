# SPDX-License-Identifier: GPL-3.0-or-later
"""Pointed plates with a gloss."""

import bpy

parameters = bpy.context.scene.impasto_parameters.scales
parameters.shape = "pointed"
parameters.scale_m = 0.016
parameters.width_m = 0.16
parameters.lift = 0.7
parameters.irregular = 0.5
parameters.color = (0.22, 0.36, 0.22)
parameters.root_color = (0.08, 0.12, 0.09)
parameters.pattern = 0.35
parameters.spot_color = (0.3, 0.38, 0.2)
parameters.shine = 0.65
