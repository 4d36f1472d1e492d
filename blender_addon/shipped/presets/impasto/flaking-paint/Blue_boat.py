# SPDX-License-Identifier: GPL-3.0-or-later
"""Sea-blue paint on wood, curling off."""

import bpy

parameters = bpy.context.scene.impasto_parameters.flaking_paint
parameters.color = (0.22, 0.4, 0.53)
parameters.primer_color = (0.72, 0.7, 0.64)
parameters.loss = 0.4
parameters.curl = 0.7
parameters.fading = 0.2
