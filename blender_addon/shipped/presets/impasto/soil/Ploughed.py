# SPDX-License-Identifier: GPL-3.0-or-later
"""Ploughed: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.soil
parameters.furrows = 0.8
