# SPDX-License-Identifier: GPL-3.0-or-later
"""Brown: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.travertine
parameters.color = (0.62, 0.49, 0.36)
parameters.second_color = (0.42, 0.3, 0.2)
