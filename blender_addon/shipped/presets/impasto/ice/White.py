# SPDX-License-Identifier: GPL-3.0-or-later
"""White: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.ice
parameters.frost = 0.7
parameters.color = (0.45, 0.6, 0.65)
