# SPDX-License-Identifier: GPL-3.0-or-later
"""Wide boards of walnut under satin varnish."""

import bpy

parameters = bpy.context.scene.impasto_parameters.planks
parameters.color = (0.44, 0.3, 0.21)
parameters.late_color = (0.26, 0.17, 0.12)
parameters.board_m = 0.18
parameters.knots = 0.1
parameters.figure = 0.7
parameters.relief = 0.1
parameters.cracks = 0.0
parameters.varnish = 0.6
parameters.gap_m = 0.001
parameters.bevel_m = 0.0015
