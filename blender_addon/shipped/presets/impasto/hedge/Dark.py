# SPDX-License-Identifier: GPL-3.0-or-later
"""Dark: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.hedge
parameters.color = (0.15, 0.24, 0.11)
parameters.second_color = (0.28, 0.38, 0.17)
