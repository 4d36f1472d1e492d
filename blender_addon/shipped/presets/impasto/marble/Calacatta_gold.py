# SPDX-License-Identifier: GPL-3.0-or-later
"""Bold grey and golden veins in white."""

import bpy

parameters = bpy.context.scene.impasto_parameters.marble
parameters.color = (0.9, 0.89, 0.87)
parameters.cloud_color = (0.8, 0.79, 0.77)
parameters.vein_color = (0.42, 0.4, 0.38)
parameters.accent_color = (0.7, 0.53, 0.3)
parameters.vein_m = 0.24
parameters.veins = 0.9
parameters.softness = 0.45
parameters.fine_veins = 0.3
