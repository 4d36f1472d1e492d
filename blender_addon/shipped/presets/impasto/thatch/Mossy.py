# SPDX-License-Identifier: GPL-3.0-or-later
"""Mossy: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.thatch
parameters.age = 0.8
parameters.moss = 0.45
