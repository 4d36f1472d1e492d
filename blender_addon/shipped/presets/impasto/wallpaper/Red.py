# SPDX-License-Identifier: GPL-3.0-or-later
"""Red: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.wallpaper
parameters.color = (0.4, 0.13, 0.13)
parameters.second_color = (0.62, 0.44, 0.26)
