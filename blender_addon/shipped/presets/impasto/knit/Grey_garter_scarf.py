# SPDX-License-Identifier: GPL-3.0-or-later
"""Ridges of soft grey wool."""

import bpy

parameters = bpy.context.scene.impasto_parameters.knit
parameters.pattern = "garter"
parameters.stitch_m = 0.007
parameters.color = (0.52, 0.52, 0.52)
parameters.fuzz = 0.8
parameters.thickness = 0.85
parameters.irregular = 0.5
