# SPDX-License-Identifier: GPL-3.0-or-later
"""Worn: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.linoleum
parameters.scuffs = 0.8
parameters.dirt = 0.3
