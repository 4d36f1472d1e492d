# SPDX-License-Identifier: GPL-3.0-or-later
"""Yellow, with pores of all sizes."""

import bpy

parameters = bpy.context.scene.impasto_parameters.foam
parameters.color = (0.86, 0.73, 0.3)
parameters.pore_color = (0.55, 0.42, 0.1)
parameters.sizes = 0.8
