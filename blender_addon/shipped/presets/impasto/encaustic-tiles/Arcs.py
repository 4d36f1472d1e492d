# SPDX-License-Identifier: GPL-3.0-or-later
"""Arcs: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.encaustic_tiles
parameters.pattern = "arcs"
parameters.color = (0.82, 0.79, 0.73)
parameters.second_color = (0.26, 0.26, 0.27)
parameters.third_color = (0.58, 0.57, 0.55)
