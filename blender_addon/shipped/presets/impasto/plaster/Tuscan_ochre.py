# SPDX-License-Identifier: GPL-3.0-or-later
"""Limewash in earth colours, faded in clouds."""

import bpy

parameters = bpy.context.scene.impasto_parameters.plaster
parameters.color = (0.72, 0.57, 0.38)
parameters.base_color = (0.58, 0.47, 0.36)
parameters.trowel = 0.6
parameters.sand = 0.4
parameters.cracks = 0.4
parameters.stains = 0.6
parameters.repairs = 0.0
parameters.width_m = 3.0
