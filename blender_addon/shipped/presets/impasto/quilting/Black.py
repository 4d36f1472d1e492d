# SPDX-License-Identifier: GPL-3.0-or-later
"""Black: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.quilting
parameters.color = (0.13, 0.12, 0.12)
parameters.thread_color = (0.2, 0.19, 0.18)
