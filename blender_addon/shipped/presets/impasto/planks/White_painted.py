# SPDX-License-Identifier: GPL-3.0-or-later
"""Painted floorboards, whose grain still shows."""

import bpy

parameters = bpy.context.scene.impasto_parameters.planks
parameters.color = (0.85, 0.84, 0.81)
parameters.late_color = (0.77, 0.755, 0.72)
parameters.color_variation = 0.08
parameters.knots = 0.2
parameters.varnish = 0.5
parameters.relief = 0.6
parameters.cracks = 0.1
