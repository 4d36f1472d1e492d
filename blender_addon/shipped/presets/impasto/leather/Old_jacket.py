# SPDX-License-Identifier: GPL-3.0-or-later
"""Worn pale on folds, after years."""

import bpy

parameters = bpy.context.scene.impasto_parameters.leather
parameters.color = (0.36, 0.23, 0.15)
parameters.groove_color = (0.17, 0.1, 0.07)
parameters.creases = 0.3
parameters.patina = 0.5
parameters.grain = 0.5
parameters.shine = 0.35
