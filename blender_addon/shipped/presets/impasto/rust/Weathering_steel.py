# SPDX-License-Identifier: GPL-3.0-or-later
"""An even, dense skin, as on facades and sculptures."""

import bpy

parameters = bpy.context.scene.impasto_parameters.rust
parameters.cover = 1.0
parameters.flakes = 0.1
parameters.pits = 0.25
parameters.runs = 0.5
parameters.color = (0.5, 0.3, 0.2)
parameters.old_color = (0.42, 0.25, 0.17)
parameters.dark_color = (0.36, 0.21, 0.15)
parameters.width_m = 1.2
