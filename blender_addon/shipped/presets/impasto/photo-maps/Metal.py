# SPDX-License-Identifier: GPL-3.0-or-later
"""Bare, almost flat metal, with scratches and dirt in its gloss."""

import bpy

parameters = bpy.context.scene.impasto_parameters.photo_maps
parameters.delight = 0.7
parameters.shape_size = 0.25
parameters.height_contrast = 0.35
parameters.relief = 0.6
parameters.roughness = 0.35
parameters.roughness_variation = 0.5
parameters.metallic = 1.0
parameters.occlusion = 0.3
