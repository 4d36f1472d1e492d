# SPDX-License-Identifier: GPL-3.0-or-later
"""Dark and flat after a winter."""

import bpy

parameters = bpy.context.scene.impasto_parameters.forest_floor
parameters.leaves = 0.9
parameters.lobed = 0.9
parameters.decay = 0.85
parameters.curl = 0.2
parameters.needles = 0.1
parameters.wetness = 0.12
