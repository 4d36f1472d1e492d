# SPDX-License-Identifier: GPL-3.0-or-later
"""Red: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.granite
parameters.color = (0.57, 0.34, 0.28)
parameters.second_color = (0.46, 0.42, 0.4)
