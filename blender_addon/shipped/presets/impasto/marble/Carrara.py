# SPDX-License-Identifier: GPL-3.0-or-later
"""White with soft grey veins and clouds."""

import bpy

parameters = bpy.context.scene.impasto_parameters.marble
parameters.color = (0.88, 0.88, 0.875)
parameters.cloud_color = (0.74, 0.75, 0.77)
parameters.vein_color = (0.48, 0.5, 0.53)
parameters.accent_color = (0.68, 0.67, 0.65)
parameters.softness = 0.6
parameters.fine_veins = 0.6
parameters.vein_m = 0.17
