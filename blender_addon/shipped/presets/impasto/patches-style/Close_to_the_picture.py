# SPDX-License-Identifier: GPL-3.0-or-later
"""Fine strokes that keep the picture's shapes and colours, for portraits and finished textures."""

import bpy

parameters = bpy.context.scene.impasto_parameters.patches_style
parameters.preservation = 2.0
parameters.strokes = 0.6
parameters.color = "picture"
