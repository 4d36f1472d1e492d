# SPDX-License-Identifier: GPL-3.0-or-later
"""Old green, cracked by the sun."""

import bpy

parameters = bpy.context.scene.impasto_parameters.flaking_paint
parameters.color = (0.27, 0.4, 0.31)
parameters.primer_color = (0.66, 0.63, 0.52)
parameters.loss = 0.3
parameters.cracks = 0.9
parameters.fading = 0.25
parameters.flake_m = 0.014
