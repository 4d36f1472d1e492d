# SPDX-License-Identifier: GPL-3.0-or-later
"""Dry: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.carbon_fibre
parameters.resin = 0.2
parameters.roughness = 0.5
