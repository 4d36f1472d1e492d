# SPDX-License-Identifier: GPL-3.0-or-later
"""Fresh: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.thatch
parameters.age = 0.0
parameters.color = (0.74, 0.58, 0.32)
