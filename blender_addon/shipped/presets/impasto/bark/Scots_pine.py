# SPDX-License-Identifier: GPL-3.0-or-later
"""Orange plates."""

import bpy

parameters = bpy.context.scene.impasto_parameters.bark
parameters.kind = "plated"
parameters.color = (0.6, 0.42, 0.31)
parameters.inner_color = (0.62, 0.35, 0.2)
parameters.furrow_color = (0.24, 0.16, 0.12)
parameters.lichen = 0.1
