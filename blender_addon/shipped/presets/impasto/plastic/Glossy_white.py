# SPDX-License-Identifier: GPL-3.0-or-later
"""Glossy white: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.plastic
parameters.color = (0.85, 0.85, 0.84)
parameters.pattern = "smooth"
parameters.roughness = 0.15
