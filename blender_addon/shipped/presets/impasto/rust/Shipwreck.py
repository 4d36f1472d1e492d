# SPDX-License-Identifier: GPL-3.0-or-later
"""Thick flakes over deep pits."""

import bpy

parameters = bpy.context.scene.impasto_parameters.rust
parameters.cover = 1.0
parameters.flakes = 1.0
parameters.pits = 1.0
parameters.runs = 0.3
parameters.color = (0.52, 0.27, 0.13)
parameters.old_color = (0.29, 0.15, 0.1)
parameters.dark_color = (0.14, 0.1, 0.09)
parameters.patch_m = 0.08
