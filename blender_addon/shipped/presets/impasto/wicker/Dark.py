# SPDX-License-Identifier: GPL-3.0-or-later
"""Dark: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.wicker
parameters.color = (0.36, 0.24, 0.15)
parameters.second_color = (0.18, 0.12, 0.08)
