# SPDX-License-Identifier: GPL-3.0-or-later
"""Plywood: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.veneer
parameters.cut = "peeled"
parameters.color = (0.8, 0.66, 0.47)
parameters.late_color = (0.63, 0.46, 0.28)
parameters.varnish = 0.15
parameters.knots = 0.35
