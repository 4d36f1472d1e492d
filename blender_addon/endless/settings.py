# SPDX-License-Identifier: GPL-3.0-or-later
"""The Endless panel's settings in each scene."""

from __future__ import annotations

import bpy
from bpy.props import IntProperty

from ..tools.arguments import with_properties
from .request import EndlessRequest

SIZE_PX = IntProperty(
    name="Size", description="Width and height of the baked maps in pixels", min=16, max=16384, default=4096
)


@with_properties(EndlessRequest)
class EndlessSettings(bpy.types.PropertyGroup):
    """Settings for making a material endless, and for baking it."""

    size_px: SIZE_PX


POINTER = (bpy.types.Scene, "impasto_endless", EndlessSettings)
