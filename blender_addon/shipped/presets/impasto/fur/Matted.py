# SPDX-License-Identifier: GPL-3.0-or-later
"""Matted: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.fur
parameters.matted = 0.9
parameters.wetness = 0.3
