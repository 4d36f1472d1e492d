# SPDX-License-Identifier: GPL-3.0-or-later
"""Large panels with tie holes, cast with great care."""

import bpy

parameters = bpy.context.scene.impasto_parameters.concrete
parameters.formwork = "panels"
parameters.tie_holes = True
parameters.pores = 0.2
parameters.stains = 0.2
parameters.cracks = 0.0
parameters.exposed = 0.0
parameters.color = (0.62, 0.61, 0.59)
parameters.roughness = 0.5
