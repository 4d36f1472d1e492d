# SPDX-License-Identifier: GPL-3.0-or-later
"""Only the deepest parts are filled, with a sharp border."""

import bpy

parameters = bpy.context.scene.impasto_parameters.blend_materials
parameters.amount = 0.25
parameters.softness = 0.06
