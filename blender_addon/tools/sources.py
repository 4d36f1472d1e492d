# SPDX-License-Identifier: GPL-3.0-or-later
"""The source in the settings of a panel or of layers, and missing needs of a tool: weights, a model, images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
from bpy.props import FloatProperty, PointerProperty, StringProperty

from .. import library
from ..bridge.inputs import Source
from ..bridge.mesh_masks import IMAGE as BY_IMAGE
from ..bridge.mesh_masks import MASK
from ..core.descriptions import MESH
from ..core.errors import Message
from ..engine.catalogue import catalogue
from ..interface.browsing import draw_image, draw_path
from ..parameters import inputs, properties
from ..parameters.groups import chosen_model
from ..parameters.properties import TEXTURE, preview_update
from ..paths import absolute
from . import source_maps
from .form import with_properties
from .request import Request

NONE, FILE, FOLDER, IMAGE, MATERIAL = "NONE", "FILE", "FOLDER", "IMAGE", "MATERIAL"
A_FILE = (FILE, "File", "A picture, or a folder of maps, on disk")
AN_IMAGE = (IMAGE, "Image", "An image of this .blend file")
MOST_KINDS = 3
"""Most kinds of sources with names that fit next to a label."""


class SourceSettings:
    """Mixin for settings that have a source, and its kind as `source_kind`: one of those above."""

    filepath: StringProperty(name="File", description="A picture, or a folder of maps", update=source_maps.choose_file)
    source_maps: PointerProperty(type=source_maps.ImpastoSourceMaps)
    image: PointerProperty(
        name="Image", description="An image of this .blend file", type=bpy.types.Image, update=preview_update(TEXTURE)
    )


class WidthSettings:
    """Mixin for settings with the width of a picture."""

    width_m: FloatProperty(
        name="Real Width",
        description="How wide a picture is in the world; 0: not known",
        min=0.0,
        soft_max=10.0,
        unit="LENGTH",
        subtype="DISTANCE",
        update=preview_update(TEXTURE),
    )


@with_properties(Request, "seed", "color_space", update=preview_update(TEXTURE))
class RecipeStack(SourceSettings, WidthSettings):
    """Source, seed and width of a recipe, which the settings of a scene and the layers of a material have."""


def chosen_source(settings: bpy.types.PropertyGroup, kind: str = "") -> Source | None:
    """The chosen source, or None. kind: kind of the source; empty for the `source_kind` of the settings."""
    kind = kind or settings.source_kind
    if kind in (IMAGE, MATERIAL):
        return getattr(settings, kind.lower())
    if kind == FILE and hasattr(settings, "source_maps"):
        return source_maps.source_path(settings) if settings.filepath else None
    path = {FILE: "filepath", FOLDER: "folder"}.get(kind)
    return Path(absolute(getattr(settings, path))) if path and getattr(settings, path) else None


def source_poll_message(settings: bpy.types.PropertyGroup, *, is_needed: bool = True) -> str:
    """Reason why a needed source is missing, or why none of its files is used as a map; empty if there is none."""
    name = {FILE: "filepath", IMAGE: "image", MATERIAL: "material"}.get(settings.source_kind)
    if is_needed and not (name and getattr(settings, name)):
        if settings.source_kind == MATERIAL:
            return "No image gives the base colour of the material: join one to it, or bake the material first"
        return "Choose a source: a file, or an image of this .blend"
    return source_maps.maps_poll_message(settings) if settings.source_kind == FILE else ""


def draw_source(column: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Draw the kind of source, the source, and its colour space if the settings or the image have one."""
    _draw_kind(column, settings)
    draw_chosen_source(column, settings)
    _draw_color_space(column, settings)


def draw_kind_of_source(column: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Draw the kind of source and its colour space, for a panel that draws the source elsewhere."""
    _draw_kind(column, settings)
    _draw_color_space(column, settings)


def draw_chosen_source(column: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Draw the source of the chosen kind."""
    if settings.source_kind == FILE:
        draw_path(column, settings, "filepath")
        source_maps.draw(column, settings)
    elif settings.source_kind == IMAGE:
        draw_image(column, settings, "image")
    elif settings.source_kind == MATERIAL:
        column.prop(settings, "material")


def _draw_kind(column: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    kinds = settings.bl_rna.properties["source_kind"].enum_items
    row = column.row()
    row.use_property_split = len(kinds) <= MOST_KINDS
    row.prop(settings, "source_kind", expand=True)


def _draw_color_space(column: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    if not hasattr(settings, "color_space"):
        return
    if settings.source_kind == FILE:
        column.prop(settings, "color_space")
    elif settings.source_kind == IMAGE and settings.image:
        column.prop(settings.image.colorspace_settings, "name", text="Colour Space")


def tool_poll_message(
    owner: bpy.types.Scene | bpy.types.PropertyGroup, name: str, mask_by: str = BY_IMAGE, has_mesh: bool = False
) -> str:
    """Reason why a tool of a scene or a layer cannot run with its settings; empty if it can."""
    if name not in catalogue:
        return "Choose a tool"
    tool = catalogue[name]
    why = library.weights_poll_message(tool, properties.parameters_of(owner, tool)) or _model_poll_message(owner, tool)
    return why or inputs_poll_message(owner, tool, mask_by, has_mesh)


def inputs_poll_message(
    scene: bpy.types.Scene, tool: Mapping[str, Any], mask_by: str = BY_IMAGE, has_mesh: bool = False
) -> str:
    """Sentence that names the missing images or mesh of a tool's inputs; empty if none is missing."""
    chosen, required = inputs.images_of(scene, tool), [item for item in tool["inputs"] if item["required"]]
    if any(item["kind"] == MESH for item in required) and not has_mesh:
        return "Select a mesh object"
    known = {*chosen, *([] if mask_by == BY_IMAGE else [MASK])}
    missing = [item["name"] for item in required if item["kind"] != MESH and item["name"] not in known]
    if missing:
        return Message("Choose an image for {}", ", ".join(missing))
    short = [item for item in required if item["kind"] != MESH and len(chosen.get(item["name"], ())) < item["least"]]
    return Message("Choose {} or more images for {}", short[0]["least"], short[0]["name"]) if short else ""


def _model_poll_message(scene: bpy.types.Scene, tool: Mapping[str, Any]) -> str:
    parameter, group = properties.model_parameter(tool), properties.group_of(scene, tool)
    if parameter is None or chosen_model(group, tool):
        return ""
    if name := getattr(group, properties.identifier(parameter)):
        return Message("There is no model called {}: choose another", name)
    return Message("{} needs a model that you trained: see Train", tool["label"])
