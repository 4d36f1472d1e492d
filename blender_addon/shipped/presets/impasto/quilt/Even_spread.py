# SPDX-License-Identifier: GPL-3.0-or-later
"""For gravel, grass and plaster over large areas: nothing that the eye finds again."""

import bpy

parameters = bpy.context.scene.impasto_parameters.quilt
parameters.variety = 1.0
parameters.even_light = 0.9
