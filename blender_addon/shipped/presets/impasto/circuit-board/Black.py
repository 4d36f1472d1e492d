# SPDX-License-Identifier: GPL-3.0-or-later
"""Black: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.circuit_board
parameters.color = (0.13, 0.13, 0.14)
parameters.trace_color = (0.22, 0.22, 0.23)
parameters.parts = 0.7
