# SPDX-License-Identifier: GPL-3.0-or-later
"""Whitewash over coarse plaster, coming off."""

import bpy

parameters = bpy.context.scene.impasto_parameters.plaster
parameters.peeling = 0.45
parameters.cracks = 0.6
parameters.stains = 0.6
parameters.trowel = 0.6
parameters.repairs = 0.0
parameters.color = (0.8, 0.78, 0.72)
parameters.base_color = (0.55, 0.45, 0.35)
parameters.thickness_m = 0.006
parameters.width_m = 3.5
