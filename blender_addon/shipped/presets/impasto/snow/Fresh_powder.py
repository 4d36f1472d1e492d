# SPDX-License-Identifier: GPL-3.0-or-later
"""Soft, deep and unmarked."""

import bpy

parameters = bpy.context.scene.impasto_parameters.snow
parameters.fresh = 1.0
parameters.ripples = 0.1
parameters.lumps = 0.0
parameters.litter = 0.0
parameters.drifts = 0.6
parameters.sparkle = 0.4
