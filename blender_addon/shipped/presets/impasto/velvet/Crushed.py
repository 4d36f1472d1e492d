# SPDX-License-Identifier: GPL-3.0-or-later
"""Crushed: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.velvet
parameters.crushed = 1.0
parameters.color = (0.14, 0.27, 0.32)
