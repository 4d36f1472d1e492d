# SPDX-License-Identifier: GPL-3.0-or-later
"""Pale: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.bread
parameters.baked = 0.2
parameters.flour = 0.4
