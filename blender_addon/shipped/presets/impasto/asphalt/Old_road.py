# SPDX-License-Identifier: GPL-3.0-or-later
"""Grey, worn to the stones and cracked."""

import bpy

parameters = bpy.context.scene.impasto_parameters.asphalt
parameters.worn = 0.85
parameters.smoothness = 0.2
parameters.cracks = 0.6
parameters.stains = 0.4
parameters.width_m = 2.0
