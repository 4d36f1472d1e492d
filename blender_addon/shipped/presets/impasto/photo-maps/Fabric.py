# SPDX-License-Identifier: GPL-3.0-or-later
"""A fine, soft weave, matt everywhere."""

import bpy

parameters = bpy.context.scene.impasto_parameters.photo_maps
parameters.shape_size = 0.15
parameters.height_contrast = 0.4
parameters.roughness = 0.9
parameters.roughness_variation = 0.1
parameters.occlusion_radius = 0.02
