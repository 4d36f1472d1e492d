# SPDX-License-Identifier: GPL-3.0-or-later
"""Half green: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.patina
parameters.cover = 0.55
