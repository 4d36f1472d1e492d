# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain weave: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.carbon_fibre
parameters.weave = "plain"
parameters.contrast = 0.5
