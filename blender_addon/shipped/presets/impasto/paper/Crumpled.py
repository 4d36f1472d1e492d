# SPDX-License-Identifier: GPL-3.0-or-later
"""Crumpled: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.paper
parameters.creases = 1.0
