# SPDX-License-Identifier: GPL-3.0-or-later
"""Deep, even grain, for sofas and car seats."""

import bpy

parameters = bpy.context.scene.impasto_parameters.leather
parameters.color = (0.12, 0.12, 0.125)
parameters.groove_color = (0.07, 0.07, 0.07)
parameters.grain = 0.95
parameters.grain_m = 0.0028
parameters.creases = 0.1
parameters.pores = 0.1
parameters.patina = 0.1
parameters.shine = 0.45
