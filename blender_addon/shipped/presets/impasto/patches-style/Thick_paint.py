# SPDX-License-Identifier: GPL-3.0-or-later
"""Broad strokes that stand out, for materials: height, normals and roughness follow them."""

import bpy

parameters = bpy.context.scene.impasto_parameters.patches_style
parameters.strokes = 1.5
parameters.relief = 0.8
