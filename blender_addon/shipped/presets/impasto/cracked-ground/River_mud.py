# SPDX-License-Identifier: GPL-3.0-or-later
"""Dark plates that are still damp."""

import bpy

parameters = bpy.context.scene.impasto_parameters.cracked_ground
parameters.color = (0.42, 0.37, 0.31)
parameters.rim_color = (0.52, 0.47, 0.4)
parameters.crack_color = (0.2, 0.17, 0.13)
parameters.curl = 0.3
parameters.crumbs = 0.2
parameters.wetness = 0.25
parameters.roughness = 0.6
