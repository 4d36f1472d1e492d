# SPDX-License-Identifier: GPL-3.0-or-later
"""Black: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.granite
parameters.color = (0.22, 0.22, 0.23)
parameters.second_color = (0.15, 0.15, 0.16)
parameters.third_color = (0.52, 0.52, 0.52)
