# SPDX-License-Identifier: GPL-3.0-or-later
"""Hammered: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.glass
parameters.pattern = "hammered"
