# SPDX-License-Identifier: GPL-3.0-or-later
"""Rusty: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.chain_mail
parameters.rust = 0.6
parameters.irregular = 0.6
