# SPDX-License-Identifier: GPL-3.0-or-later
"""A ground and sealed floor with its clouds."""

import bpy

parameters = bpy.context.scene.impasto_parameters.concrete
parameters.pores = 0.05
parameters.stains = 0.15
parameters.cracks = 0.35
parameters.exposed = 0.0
parameters.color = (0.52, 0.51, 0.49)
parameters.roughness = 0.25
parameters.width_m = 4.0
