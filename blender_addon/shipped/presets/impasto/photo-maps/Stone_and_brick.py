# SPDX-License-Identifier: GPL-3.0-or-later
"""Rough blocks that stand out of their joints."""

import bpy

parameters = bpy.context.scene.impasto_parameters.photo_maps
parameters.relief = 1.2
parameters.shape_size = 0.65
parameters.height_contrast = 0.6
parameters.roughness = 0.8
parameters.roughness_variation = 0.25
parameters.occlusion = 0.6
