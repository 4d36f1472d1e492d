# SPDX-License-Identifier: GPL-3.0-or-later
"""Playground: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.rubber
parameters.pattern = "granules"
parameters.color = (0.52, 0.18, 0.14)
parameters.speck_color = (0.62, 0.34, 0.2)
parameters.specks = 0.2
