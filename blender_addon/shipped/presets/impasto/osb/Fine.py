# SPDX-License-Identifier: GPL-3.0-or-later
"""Fine: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.osb
parameters.size_m = 0.03
parameters.width_m = 0.3
