# SPDX-License-Identifier: GPL-3.0-or-later
"""Calm: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.water
parameters.waves = 0.1
parameters.ripples = 0.3
