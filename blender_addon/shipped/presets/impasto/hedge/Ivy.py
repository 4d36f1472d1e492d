# SPDX-License-Identifier: GPL-3.0-or-later
"""Ivy: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.hedge
parameters.shape = "ivy"
parameters.size_m = 0.06
parameters.width_m = 0.9
