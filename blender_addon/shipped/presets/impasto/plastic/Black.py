# SPDX-License-Identifier: GPL-3.0-or-later
"""Black: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.plastic
parameters.color = (0.16, 0.16, 0.17)
parameters.roughness = 0.5
