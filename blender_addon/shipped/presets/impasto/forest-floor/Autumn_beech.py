# SPDX-License-Identifier: GPL-3.0-or-later
"""Fresh copper leaves."""

import bpy

parameters = bpy.context.scene.impasto_parameters.forest_floor
parameters.leaves = 0.95
parameters.lobed = 0.0
parameters.decay = 0.1
parameters.needles = 0.05
parameters.twigs = 0.3
parameters.leaf_m = 0.065
parameters.fresh_color = (0.62, 0.44, 0.25)
