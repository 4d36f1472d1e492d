# SPDX-License-Identifier: GPL-3.0-or-later
"""Flowers: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.encaustic_tiles
parameters.pattern = "flower"
parameters.second_color = (0.28, 0.4, 0.33)
parameters.third_color = (0.7, 0.53, 0.27)
