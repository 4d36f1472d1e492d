# SPDX-License-Identifier: GPL-3.0-or-later
"""Tyre tracks: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.soil
parameters.tracks = 0.8
parameters.clods = 0.3
parameters.wetness = 0.3
