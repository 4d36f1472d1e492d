# SPDX-License-Identifier: GPL-3.0-or-later
"""Smooth and shining, for bags and shoes."""

import bpy

parameters = bpy.context.scene.impasto_parameters.leather
parameters.color = (0.6, 0.34, 0.18)
parameters.groove_color = (0.38, 0.18, 0.09)
parameters.grain = 0.35
parameters.creases = 0.15
parameters.patina = 0.3
parameters.shine = 0.65
