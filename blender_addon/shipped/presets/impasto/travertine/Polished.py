# SPDX-License-Identifier: GPL-3.0-or-later
"""Polished: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.travertine
parameters.polish = 0.95
parameters.pits = 0.1
