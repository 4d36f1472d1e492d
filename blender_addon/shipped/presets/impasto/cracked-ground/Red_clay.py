# SPDX-License-Identifier: GPL-3.0-or-later
"""Desert clay, baked hard."""

import bpy

parameters = bpy.context.scene.impasto_parameters.cracked_ground
parameters.color = (0.6, 0.38, 0.27)
parameters.rim_color = (0.69, 0.48, 0.36)
parameters.crack_color = (0.27, 0.15, 0.1)
