# SPDX-License-Identifier: GPL-3.0-or-later
"""Half pipes in all the colours of the kiln."""

import bpy

parameters = bpy.context.scene.impasto_parameters.roof_tiles
parameters.color = (0.72, 0.47, 0.32)
parameters.second_color = (0.58, 0.36, 0.24)
parameters.color_variation = 0.8
parameters.age = 0.4
