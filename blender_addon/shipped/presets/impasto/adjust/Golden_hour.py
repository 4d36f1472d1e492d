# SPDX-License-Identifier: GPL-3.0-or-later
"""Low sun: warm, a little brighter, with strong colours."""

import bpy

parameters = bpy.context.scene.impasto_parameters.adjust
parameters.exposure = 0.1
parameters.temperature = 7800.0
parameters.saturation = 1.25
