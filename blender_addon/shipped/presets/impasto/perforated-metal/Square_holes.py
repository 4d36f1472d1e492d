# SPDX-License-Identifier: GPL-3.0-or-later
"""Square holes: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.perforated_metal
parameters.pattern = "square"
