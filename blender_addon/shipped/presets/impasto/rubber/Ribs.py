# SPDX-License-Identifier: GPL-3.0-or-later
"""Ribs: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.rubber
parameters.pattern = "ribs"
