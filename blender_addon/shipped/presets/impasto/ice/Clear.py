# SPDX-License-Identifier: GPL-3.0-or-later
"""Clear: a look of this material."""

import bpy

parameters = bpy.context.scene.impasto_parameters.ice
parameters.cracks = 0.25
parameters.bubbles = 0.1
parameters.frost = 0.0
