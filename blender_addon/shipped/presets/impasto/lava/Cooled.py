# SPDX-License-Identifier: GPL-3.0-or-later
"""Cooled: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.lava
parameters.glow = 0.1
parameters.ropes = 0.8
