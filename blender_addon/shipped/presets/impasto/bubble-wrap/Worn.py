# SPDX-License-Identifier: GPL-3.0-or-later
"""Worn: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.bubble_wrap
parameters.popped = 0.45
parameters.creases = 0.9
