# SPDX-License-Identifier: GPL-3.0-or-later
"""Large: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.bubble_wrap
parameters.size_m = 0.03
parameters.width_m = 0.4
parameters.popped = 0.0
