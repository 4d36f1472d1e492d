# SPDX-License-Identifier: GPL-3.0-or-later
"""The high parts are covered, with a soft border."""

import bpy

parameters = bpy.context.scene.impasto_parameters.blend_materials
parameters.on = "high"
parameters.amount = 0.6
parameters.softness = 0.3
