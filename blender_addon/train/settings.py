# SPDX-License-Identifier: GPL-3.0-or-later
"""The Train panel's settings in each scene."""

from __future__ import annotations

import bpy
from bpy.props import (
    EnumProperty,
    FloatProperty,
    PointerProperty,
    StringProperty,
)

from ..tools.arguments import with_properties
from ..tools.lists import items_of
from .request import TrainingRequest


@with_properties(TrainingRequest, "licence", "seed")
class TrainingSettings(bpy.types.PropertyGroup):
    """Settings of the Train panel, in each scene."""

    tool: EnumProperty(name="Trainer", description="What learns", items=items_of("trainer"))
    data_kind: EnumProperty(
        name="Data",
        description="What it learns from",
        items=(
            ("FILE", "File", "A photograph"),
            ("FOLDER", "Folder", "Photographs, maps of one material, or a folder for each material"),
            ("IMAGE", "Image", "An image of this .blend file"),
        ),
    )
    filepath: StringProperty(name="File", description="A photograph")
    folder: StringProperty(
        name="Folder", description="Photographs, maps of one material, or a folder for each material"
    )
    image: PointerProperty(name="Image", description="An image of this .blend file", type=bpy.types.Image)
    width_m: FloatProperty(
        name="Real Width",
        description="How wide a picture is in the world; 0: not known",
        min=0.0,
        soft_max=10.0,
        unit="LENGTH",
        subtype="DISTANCE",
    )


POINTER = (bpy.types.Scene, "impasto_training", TrainingSettings)
