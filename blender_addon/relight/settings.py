# SPDX-License-Identifier: GPL-3.0-or-later
"""The Relight panel's settings in each scene."""

from __future__ import annotations

import math

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty

from .turntable import turntable

MATERIAL, PREVIEW = "MATERIAL", "PREVIEW"


def _light_moved(_settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    turntable.ask()


class RelightSettings(bpy.types.PropertyGroup):
    """Subject that is shown under a light, and the direction of the light."""

    subject: EnumProperty(
        name="Show",
        description="What is seen under the light",
        items=(
            (MATERIAL, "Material", "The textures of the active object's material"),
            (PREVIEW, "Preview", "What the Impasto panel is set to make"),
        ),
    )
    azimuth: FloatProperty(
        name="Azimuth",
        description="Where the light comes from: 0° from the right, 90° from the top",
        subtype="ANGLE",
        min=0.0,
        max=2 * math.pi,
        default=math.radians(135),
        update=_light_moved,
    )
    elevation: FloatProperty(
        name="Elevation",
        description="Height of the light above the surface; low light shows relief",
        subtype="ANGLE",
        min=math.radians(2),
        max=math.pi / 2,
        default=math.radians(35),
        update=_light_moved,
    )
    show_former: BoolProperty(
        name="Before", description="Show the maps that the last result replaced", update=_light_moved
    )


POINTER = (bpy.types.Scene, "impasto_relight", RelightSettings)
