# SPDX-License-Identifier: GPL-3.0-or-later
"""Hard-wearing grey loops."""

import bpy

parameters = bpy.context.scene.impasto_parameters.carpet
parameters.pile = "loop"
parameters.color = (0.36, 0.37, 0.39)
parameters.second_color = (0.27, 0.28, 0.3)
parameters.mixture = 0.5
parameters.tuft_m = 0.0038
parameters.height_m = 0.004
parameters.irregular = 0.35
