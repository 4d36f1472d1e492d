# SPDX-License-Identifier: GPL-3.0-or-later
"""Worn: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.hull
parameters.scuffs = 0.8
parameters.stripes = 0.1
