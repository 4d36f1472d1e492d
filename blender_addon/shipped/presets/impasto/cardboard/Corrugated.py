# SPDX-License-Identifier: GPL-3.0-or-later
"""Corrugated: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.cardboard
parameters.flutes = 0.9
