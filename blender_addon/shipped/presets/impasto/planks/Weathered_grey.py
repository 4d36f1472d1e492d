# SPDX-License-Identifier: GPL-3.0-or-later
"""Boards of a shed that sun and rain have silvered."""

import bpy

parameters = bpy.context.scene.impasto_parameters.planks
parameters.color = (0.62, 0.6, 0.56)
parameters.late_color = (0.4, 0.38, 0.36)
parameters.relief = 0.85
parameters.cracks = 0.55
parameters.color_variation = 0.35
parameters.varnish = 0.0
parameters.gap_m = 0.006
