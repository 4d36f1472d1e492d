# SPDX-License-Identifier: GPL-3.0-or-later
"""New steel of kitchens and lifts."""

import bpy

parameters = bpy.context.scene.impasto_parameters.scratched_metal
parameters.scratches = 0.12
parameters.tarnish = 0.05
parameters.dents = 0.05
parameters.brushing = 0.6
parameters.roughness = 0.32
