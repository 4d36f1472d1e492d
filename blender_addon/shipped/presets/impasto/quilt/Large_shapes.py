# SPDX-License-Identifier: GPL-3.0-or-later
"""For big stones, planks and leaves: pieces as large as the photograph allows."""

import bpy

parameters = bpy.context.scene.impasto_parameters.quilt
parameters.block_px = 4096
parameters.overlap = 0.4
