# SPDX-License-Identifier: GPL-3.0-or-later
"""Flesh: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.skin
parameters.color = (0.55, 0.23, 0.21)
parameters.second_color = (0.36, 0.11, 0.11)
parameters.bulges = 0.5
parameters.veins = 0.6
parameters.shine = 0.85
