# SPDX-License-Identifier: GPL-3.0-or-later
"""Dark: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.skin
parameters.color = (0.4, 0.26, 0.19)
parameters.second_color = (0.32, 0.18, 0.14)
