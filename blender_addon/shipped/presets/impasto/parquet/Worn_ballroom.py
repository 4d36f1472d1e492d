# SPDX-License-Identifier: GPL-3.0-or-later
"""Herringbone that has been danced dull."""

import bpy

parameters = bpy.context.scene.impasto_parameters.parquet
parameters.color = (0.66, 0.44, 0.25)
parameters.late_color = (0.43, 0.26, 0.13)
parameters.strip_m = 0.06
parameters.length_m = 0.36
parameters.varnish = 0.7
parameters.scuffs = 0.8
parameters.gap_m = 0.001
