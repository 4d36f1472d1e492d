# SPDX-License-Identifier: GPL-3.0-or-later
"""Fine, soft and pale."""

import bpy

parameters = bpy.context.scene.impasto_parameters.leather
parameters.color = (0.84, 0.82, 0.78)
parameters.groove_color = (0.7, 0.67, 0.62)
parameters.grain = 0.3
parameters.grain_m = 0.0014
parameters.creases = 0.08
parameters.pores = 0.2
parameters.patina = 0.1
parameters.shine = 0.55
