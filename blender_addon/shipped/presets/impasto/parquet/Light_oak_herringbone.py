# SPDX-License-Identifier: GPL-3.0-or-later
"""Oiled oak, matt and pale."""

import bpy

parameters = bpy.context.scene.impasto_parameters.parquet
parameters.color = (0.78, 0.64, 0.46)
parameters.late_color = (0.63, 0.47, 0.31)
parameters.color_variation = 0.4
parameters.varnish = 0.25
parameters.scuffs = 0.1
