# SPDX-License-Identifier: GPL-3.0-or-later
"""The Train panel's settings in each scene."""

from __future__ import annotations

import bpy
from bpy.props import (
    EnumProperty,
    PointerProperty,
    StringProperty,
)

from ..tools.arguments import with_properties
from ..tools.lists import items_of
from ..tools.sources import AN_IMAGE, WidthSettings
from .request import TrainingRequest


@with_properties(TrainingRequest, "licence", "seed")
class TrainingSettings(WidthSettings, bpy.types.PropertyGroup):
    """Settings of the Train panel, in each scene."""

    tool: EnumProperty(name="Trainer", description="What learns", items=items_of("trainer"))
    data_kind: EnumProperty(
        name="Data",
        description="What it learns from",
        items=(
            ("FILE", "File", "A photograph"),
            ("FOLDER", "Folder", "Photographs, maps of one material, or a folder for each material"),
            AN_IMAGE,
        ),
    )
    filepath: StringProperty(name="File", description="A photograph")
    folder: StringProperty(
        name="Folder", description="Photographs, maps of one material, or a folder for each material"
    )
    image: PointerProperty(name="Image", description="An image of this .blend file", type=bpy.types.Image)


POINTER = (bpy.types.Scene, "impasto_training", TrainingSettings)
