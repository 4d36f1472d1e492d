# SPDX-License-Identifier: GPL-3.0-or-later
"""Rusty: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.grating
parameters.rust = 0.65
parameters.roughness = 0.7
