# SPDX-License-Identifier: GPL-3.0-or-later
"""Fine: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.end_grain
parameters.size_m = 0.04
parameters.width_m = 0.35
parameters.cracks = 0.0
parameters.roughness = 0.45
