# SPDX-License-Identifier: GPL-3.0-or-later
"""Black with sharp white veins."""

import bpy

parameters = bpy.context.scene.impasto_parameters.marble
parameters.color = (0.11, 0.11, 0.115)
parameters.cloud_color = (0.15, 0.15, 0.155)
parameters.vein_color = (0.85, 0.84, 0.82)
parameters.accent_color = (0.3, 0.29, 0.28)
parameters.softness = 0.08
parameters.veins = 0.85
parameters.fine_veins = 0.55
parameters.vein_m = 0.16
parameters.turbulence = 0.4
