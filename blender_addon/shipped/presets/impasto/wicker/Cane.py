# SPDX-License-Identifier: GPL-3.0-or-later
"""Cane: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.wicker
parameters.weave = "cane"
