# SPDX-License-Identifier: GPL-3.0-or-later
"""English bond, blackened by a century of smoke."""

import bpy

parameters = bpy.context.scene.impasto_parameters.bricks
parameters.bond = "english"
parameters.color = (0.41, 0.22, 0.17)
parameters.second_color = (0.21, 0.14, 0.12)
parameters.color_variation = 0.8
parameters.mortar_color = (0.36, 0.33, 0.3)
parameters.chips = 0.5
parameters.dirt = 0.5
