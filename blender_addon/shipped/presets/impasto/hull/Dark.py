# SPDX-License-Identifier: GPL-3.0-or-later
"""Dark: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.hull
parameters.color = (0.27, 0.28, 0.3)
parameters.second_color = (0.46, 0.16, 0.12)
