# SPDX-License-Identifier: GPL-3.0-or-later
"""Silver: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.foil
parameters.metal_color = (0.87, 0.87, 0.86)
