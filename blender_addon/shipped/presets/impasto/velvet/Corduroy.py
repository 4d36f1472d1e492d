# SPDX-License-Identifier: GPL-3.0-or-later
"""Corduroy: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.velvet
parameters.ribs = 0.8
parameters.crushed = 0.15
parameters.color = (0.42, 0.3, 0.19)
