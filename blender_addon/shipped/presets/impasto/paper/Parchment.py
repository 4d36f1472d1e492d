# SPDX-License-Identifier: GPL-3.0-or-later
"""Parchment: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.paper
parameters.color = (0.82, 0.72, 0.52)
parameters.stains = 0.7
parameters.creases = 0.3
