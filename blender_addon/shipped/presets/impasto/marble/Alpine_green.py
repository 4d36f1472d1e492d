# SPDX-License-Identifier: GPL-3.0-or-later
"""Dark green with pale veins."""

import bpy

parameters = bpy.context.scene.impasto_parameters.marble
parameters.color = (0.19, 0.27, 0.23)
parameters.cloud_color = (0.11, 0.17, 0.14)
parameters.vein_color = (0.58, 0.66, 0.6)
parameters.accent_color = (0.3, 0.38, 0.32)
parameters.vein_m = 0.13
parameters.turbulence = 0.45
parameters.softness = 0.25
