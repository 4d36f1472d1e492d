# SPDX-License-Identifier: GPL-3.0-or-later
"""White: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.fur
parameters.color = (0.84, 0.82, 0.78)
parameters.root_color = (0.66, 0.62, 0.57)
parameters.pattern = 0.0
