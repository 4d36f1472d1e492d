# SPDX-License-Identifier: GPL-3.0-or-later
"""Dark: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.bread
parameters.baked = 0.85
parameters.flour = 0.05
parameters.cracks = 0.6
