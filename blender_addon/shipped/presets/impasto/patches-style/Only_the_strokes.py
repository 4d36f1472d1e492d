# SPDX-License-Identifier: GPL-3.0-or-later
"""The light is painted, the hue stays put: for a palette that is settled already."""

import bpy

parameters = bpy.context.scene.impasto_parameters.patches_style
parameters.color = "lightness"
