# SPDX-License-Identifier: GPL-3.0-or-later
"""Natural sponge with deep holes."""

import bpy

parameters = bpy.context.scene.impasto_parameters.foam
parameters.pore_m = 0.006
parameters.open = 0.9
parameters.depth = 1.0
parameters.sizes = 1.0
parameters.irregular = 0.9
parameters.color = (0.74, 0.6, 0.38)
parameters.pore_color = (0.36, 0.25, 0.13)
