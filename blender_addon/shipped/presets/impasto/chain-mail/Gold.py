# SPDX-License-Identifier: GPL-3.0-or-later
"""Gold: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.chain_mail
parameters.metal_color = (0.86, 0.7, 0.38)
parameters.rust = 0.0
