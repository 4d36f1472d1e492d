# SPDX-License-Identifier: GPL-3.0-or-later
"""Rusty: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.standing_seam
parameters.rust = 0.55
