# SPDX-License-Identifier: GPL-3.0-or-later
"""Grey daylight: colder, softer, with faint colours."""

import bpy

parameters = bpy.context.scene.impasto_parameters.adjust
parameters.exposure = -0.15
parameters.temperature = 5600.0
parameters.contrast = -0.15
parameters.saturation = 0.75
