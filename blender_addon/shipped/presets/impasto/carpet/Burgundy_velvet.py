# SPDX-License-Identifier: GPL-3.0-or-later
"""Dense, short and trodden in one direction."""

import bpy

parameters = bpy.context.scene.impasto_parameters.carpet
parameters.tuft_m = 0.0028
parameters.height_m = 0.005
parameters.tread = 0.6
parameters.color = (0.38, 0.11, 0.13)
parameters.second_color = (0.32, 0.09, 0.11)
parameters.irregular = 0.35
