# SPDX-License-Identifier: GPL-3.0-or-later
"""Old: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.osb
parameters.color = (0.55, 0.47, 0.37)
parameters.second_color = (0.36, 0.29, 0.22)
