# SPDX-License-Identifier: GPL-3.0-or-later
"""Frosted: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.glass
parameters.pattern = "frosted"
parameters.color = (0.8, 0.85, 0.85)
