# SPDX-License-Identifier: GPL-3.0-or-later
"""Molten: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.lava
parameters.glow = 0.9
