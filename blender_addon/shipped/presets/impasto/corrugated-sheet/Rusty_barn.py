# SPDX-License-Identifier: GPL-3.0-or-later
"""A roof that is more rust than zinc."""

import bpy

parameters = bpy.context.scene.impasto_parameters.corrugated_sheet
parameters.rust = 0.9
parameters.weathered = 0.9
parameters.dents = 0.6
