# SPDX-License-Identifier: GPL-3.0-or-later
"""The Batch panel's settings in each scene, which are also the operator's properties."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, PointerProperty, StringProperty

from ..paths import RELATIVE_PATH
from ..tools.arguments import with_properties
from .recipes import IMAGE, RECIPE, STYLE, TEXTURE
from .request import BatchRequest, Output


@with_properties(BatchRequest)
@with_properties(Output)
class BatchProperties:
    """Settings of a batch: in each scene, and as properties of the operator."""

    apply: EnumProperty(
        name="Recipe",
        description="What is done with each material",
        items=(
            (TEXTURE, "Impasto Panel", "The tool of the Impasto panel, as it is set there"),
            (STYLE, "Style Panel", "The stylizer of the Style panel, with its styles, as it is set there"),
            (RECIPE, "Recipe File", "The recipe in a file, such as one that the command has written"),
            (IMAGE, "Image", "The recipe that made an image of this .blend file"),
        ),
        default=STYLE,
    )
    recipe: StringProperty(
        name="Recipe",
        description="A recipe (.json); its other pictures are images of this .blend, or lie beside it",
        subtype="FILE_PATH",
        options=RELATIVE_PATH,
    )


class BatchSettings(BatchProperties, bpy.types.PropertyGroup):
    """Settings of the Batch panel, in each scene."""

    image: PointerProperty(name="Image", description="An image that Impasto made", type=bpy.types.Image)


POINTER = (bpy.types.Scene, "impasto_batch", BatchSettings)
