# SPDX-License-Identifier: GPL-3.0-or-later
"""Light: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.veneer
parameters.color = (0.74, 0.58, 0.39)
parameters.late_color = (0.56, 0.4, 0.24)
