# SPDX-License-Identifier: GPL-3.0-or-later
"""Fine: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.cork
parameters.size_m = 0.0025
parameters.pits = 0.15
