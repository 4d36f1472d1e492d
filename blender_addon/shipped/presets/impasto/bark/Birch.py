# SPDX-License-Identifier: GPL-3.0-or-later
"""White, with dark dashes and peeling skin."""

import bpy

parameters = bpy.context.scene.impasto_parameters.bark
parameters.kind = "birch"
parameters.lichen = 0.1
parameters.width_m = 1.0
