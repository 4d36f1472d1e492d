# SPDX-License-Identifier: GPL-3.0-or-later
"""Buttoned: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.quilting
parameters.buttons = 0.6
parameters.padding = 0.9
parameters.color = (0.36, 0.12, 0.1)
