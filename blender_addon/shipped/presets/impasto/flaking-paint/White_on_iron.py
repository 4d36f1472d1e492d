# SPDX-License-Identifier: GPL-3.0-or-later
"""Enamel that rust has lifted."""

import bpy

parameters = bpy.context.scene.impasto_parameters.flaking_paint
parameters.ground = "metal"
parameters.color = (0.83, 0.82, 0.78)
parameters.primer_color = (0.45, 0.2, 0.14)
parameters.loss = 0.4
parameters.curl = 0.6
parameters.fading = 0.3
