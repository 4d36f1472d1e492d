# SPDX-License-Identifier: GPL-3.0-or-later
"""Fine: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.grating
parameters.size_m = 0.02
parameters.rust = 0.0
parameters.serrated = 0.0
