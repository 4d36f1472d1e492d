# SPDX-License-Identifier: GPL-3.0-or-later
"""Worn: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.cardboard
parameters.creases = 0.8
parameters.stains = 0.7
parameters.flutes = 0.4
