# SPDX-License-Identifier: GPL-3.0-or-later
"""Blue: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.circuit_board
parameters.color = (0.09, 0.22, 0.4)
parameters.trace_color = (0.16, 0.33, 0.55)
