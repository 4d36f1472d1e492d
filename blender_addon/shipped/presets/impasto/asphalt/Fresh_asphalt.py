# SPDX-License-Identifier: GPL-3.0-or-later
"""Black and closed, rolled last week."""

import bpy

parameters = bpy.context.scene.impasto_parameters.asphalt
parameters.worn = 0.08
parameters.smoothness = 0.7
parameters.cracks = 0.0
parameters.stains = 0.0
parameters.color = (0.26, 0.26, 0.265)
