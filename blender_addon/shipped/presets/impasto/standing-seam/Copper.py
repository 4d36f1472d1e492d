# SPDX-License-Identifier: GPL-3.0-or-later
"""Copper: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.standing_seam
parameters.metal_color = (0.7, 0.46, 0.35)
