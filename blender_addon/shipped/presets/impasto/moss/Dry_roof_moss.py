# SPDX-License-Identifier: GPL-3.0-or-later
"""Brown cushions after weeks of sun."""

import bpy

parameters = bpy.context.scene.impasto_parameters.moss
parameters.dry = 0.75
parameters.cover = 1.0
parameters.stalks = 0.3
parameters.cushion_m = 0.06
parameters.width_m = 0.5
parameters.color = (0.37, 0.4, 0.16)
parameters.ground_color = (0.3, 0.25, 0.21)
