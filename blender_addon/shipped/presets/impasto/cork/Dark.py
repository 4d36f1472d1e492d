# SPDX-License-Identifier: GPL-3.0-or-later
"""Dark: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.cork
parameters.color = (0.46, 0.31, 0.2)
parameters.second_color = (0.22, 0.14, 0.09)
