# SPDX-License-Identifier: GPL-3.0-or-later
"""Black: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.solar_panel
parameters.color = (0.12, 0.12, 0.13)
parameters.second_color = (0.14, 0.14, 0.15)
parameters.crystals = 0.1
