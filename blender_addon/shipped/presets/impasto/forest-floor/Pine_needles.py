# SPDX-License-Identifier: GPL-3.0-or-later
"""A brown carpet with some twigs."""

import bpy

parameters = bpy.context.scene.impasto_parameters.forest_floor
parameters.leaves = 0.0
parameters.needles = 1.0
parameters.twigs = 0.6
parameters.decay = 0.5
