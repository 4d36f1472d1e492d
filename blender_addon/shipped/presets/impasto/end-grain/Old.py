# SPDX-License-Identifier: GPL-3.0-or-later
"""Old: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.end_grain
parameters.cracks = 0.7
parameters.color = (0.5, 0.42, 0.34)
parameters.late_color = (0.28, 0.22, 0.17)
