# SPDX-License-Identifier: GPL-3.0-or-later
"""The Batch panel's settings in each scene, which are also the operator's properties."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, IntProperty, PointerProperty, StringProperty

from ..export.request import FORMATS, PRESETS
from ..parameters.open_numbers import Open
from ..paths import RELATIVE_PATH
from .catalogs import search_catalogs, search_libraries

SELECTED, FILE, CATALOG = "SELECTED", "FILE", "CATALOG"
TEXTURE, STYLE, RECIPE, IMAGE = "TEXTURE", "STYLE", "RECIPE", "IMAGE"
FILES, MATERIALS = "FILES", "MATERIALS"
MAPS = "MAPS"
WORKERS = Open(0.0, 2, "One for each core")


OUT_DIR = StringProperty(
    name="Folder",
    description="Folder for the results and their record. The same batch goes on here after an interruption",
    subtype="DIR_PATH",
    options=RELATIVE_PATH,
)


class BatchProperties:
    """Settings of a batch: in each scene, and as properties of the operator."""

    what: EnumProperty(
        name="Materials",
        description="The materials that the recipe is applied to",
        items=(
            (SELECTED, "Selected", "The materials of the selected objects"),
            (FILE, "File", "All materials of the open file"),
            (CATALOG, "Catalogue", "The material assets of a catalogue, and of those in it"),
        ),
    )
    library: StringProperty(
        name="Library",
        description="Name of an asset library of the preferences; empty: the assets of the open file",
        search=search_libraries,
        search_options={"SUGGESTION"},
    )
    catalog: StringProperty(
        name="Catalogue",
        description="Path of the catalogue, such as Stone/Brick; empty: all material assets",
        search=search_catalogs,
        search_options={"SUGGESTION"},
    )
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
    out_dir: OUT_DIR
    pattern: StringProperty(
        name="Names",
        description="Names of the files, of {name}, {index}, {seed}, {recipe} and {tool}; {index:04} writes 0001",
        default="{name}",
    )
    format: EnumProperty(name="Format", description="Format of the files", items=FORMATS)
    export: EnumProperty(
        name="Engine",
        description="Files, channels and normals as this engine expects them",
        items=((MAPS, "One File for Each Map", "As Impasto names them"), *PRESETS),
    )
    result: EnumProperty(
        name="Result",
        description="What becomes of the files",
        items=(
            (FILES, "Files Only", "Nothing is added to this .blend file"),
            (
                MATERIALS,
                "New Materials",
                "New materials of them too; those of assets are assets of the same catalogue",
            ),
        ),
    )
    workers: IntProperty(
        name="Workers",
        description="Processes that work beside each other; 0: one for each processor core or graphics card",
        min=0,
        max=256,
    )
    cluster: StringProperty(
        name="Cluster",
        description="Address of a Dask scheduler, tcp://host:8786, whose workers see the same folders; empty: this "
        "computer",
    )


class BatchSettings(BatchProperties, bpy.types.PropertyGroup):
    """Settings of the Batch panel, in each scene."""

    image: PointerProperty(name="Image", description="An image that Impasto made", type=bpy.types.Image)


def register() -> None:
    bpy.utils.register_class(BatchSettings)
    bpy.types.Scene.impasto_batch = PointerProperty(type=BatchSettings)


def unregister() -> None:
    del bpy.types.Scene.impasto_batch
    bpy.utils.unregister_class(BatchSettings)
