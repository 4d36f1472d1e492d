# SPDX-License-Identifier: GPL-3.0-or-later
"""Tarnished in brown patches, polished by hands."""

import bpy

parameters = bpy.context.scene.impasto_parameters.scratched_metal
parameters.metal = "brass"
parameters.finish = "polished"
parameters.tarnish = 0.55
parameters.scratches = 0.5
parameters.dents = 0.3
parameters.roughness = 0.26
parameters.width_m = 0.5
