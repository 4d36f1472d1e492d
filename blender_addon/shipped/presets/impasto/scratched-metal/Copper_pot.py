# SPDX-License-Identifier: GPL-3.0-or-later
"""Warm copper with stains and dents."""

import bpy

parameters = bpy.context.scene.impasto_parameters.scratched_metal
parameters.metal = "copper"
parameters.finish = "polished"
parameters.scratches = 0.55
parameters.dents = 0.5
parameters.roughness = 0.24
parameters.width_m = 0.5
