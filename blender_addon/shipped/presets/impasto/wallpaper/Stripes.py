# SPDX-License-Identifier: GPL-3.0-or-later
"""Stripes: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.wallpaper
parameters.pattern = "stripes"
parameters.color = (0.8, 0.77, 0.7)
parameters.second_color = (0.55, 0.62, 0.6)
