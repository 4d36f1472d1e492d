# SPDX-License-Identifier: GPL-3.0-or-later
"""Blue: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.patina
parameters.color = (0.4, 0.58, 0.62)
parameters.runs = 0.8
