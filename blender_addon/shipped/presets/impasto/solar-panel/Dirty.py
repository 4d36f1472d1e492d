# SPDX-License-Identifier: GPL-3.0-or-later
"""Dirty: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.solar_panel
parameters.dust = 0.7
