# SPDX-License-Identifier: GPL-3.0-or-later
"""Without colour, with more contrast."""

import bpy

parameters = bpy.context.scene.impasto_parameters.adjust
parameters.contrast = 0.3
parameters.saturation = 0.0
