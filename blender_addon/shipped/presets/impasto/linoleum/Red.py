# SPDX-License-Identifier: GPL-3.0-or-later
"""Red: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.linoleum
parameters.color = (0.52, 0.24, 0.2)
parameters.second_color = (0.66, 0.42, 0.33)
parameters.third_color = (0.34, 0.16, 0.14)
