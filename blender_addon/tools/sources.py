# SPDX-License-Identifier: GPL-3.0-or-later
"""The source that a panel or a material's layers are set to: a file, an image or a material, read and drawn alike."""

from __future__ import annotations

import bpy
from bpy.props import FloatProperty, PointerProperty, StringProperty

from ..bridge.inputs import Source
from ..interface.browsing import draw_image, draw_path
from ..parameters.properties import TEXTURE, preview_update
from . import source_maps

NONE, FILE, IMAGE, MATERIAL = "NONE", "FILE", "IMAGE", "MATERIAL"
A_FILE = (FILE, "File", "A picture, or a folder of maps, on disk")
AN_IMAGE = (IMAGE, "Image", "An image of this .blend file")
MOST_KINDS = 3
"""Most kinds of a source whose names have room beside a label."""


class SourceSettings:
    """Mixin for settings that have a source, and its kind as `source_kind`: one of those above."""

    filepath: StringProperty(name="File", description="A picture, or a folder of maps", update=source_maps.choose_file)
    source_maps: PointerProperty(type=source_maps.ImpastoSourceMaps)
    image: PointerProperty(
        name="Image",
        description="An image of this .blend file",
        type=bpy.types.Image,
        update=preview_update(TEXTURE),
    )


class WidthSettings:
    """Mixin for settings that say how wide a picture is."""

    width_m: FloatProperty(
        name="Real Width",
        description="How wide a picture is in the world; 0: not known",
        min=0.0,
        soft_max=10.0,
        unit="LENGTH",
        subtype="DISTANCE",
        update=preview_update(TEXTURE),
    )


def chosen_source(settings: bpy.types.PropertyGroup) -> Source | None:
    """The source that is chosen; None without one."""
    if settings.source_kind == IMAGE:
        return settings.image
    if settings.source_kind == MATERIAL:
        return settings.material
    return source_maps.source_path(settings) if settings.source_kind == FILE and settings.filepath else None


def source_poll_message(settings: bpy.types.PropertyGroup, *, is_needed: bool = True) -> str:
    """Reason why there is no source, if one is needed, or no map of its list is; empty if there is. Cheap."""
    name = {FILE: "filepath", IMAGE: "image", MATERIAL: "material"}.get(settings.source_kind)
    if is_needed and not (name and getattr(settings, name)):
        if settings.source_kind == MATERIAL:
            return "No image gives the base colour of the material: join one to it, or bake the material first"
        return "Choose a source: a file, or an image of this .blend"
    return source_maps.maps_poll_message(settings) if settings.source_kind == FILE else ""


def draw_source(column: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Draw the kind of source, the source, and its colour space where settings or the image have one."""
    has_space, kinds = hasattr(settings, "color_space"), settings.bl_rna.properties["source_kind"].enum_items
    row = column.row()
    row.use_property_split = len(kinds) <= MOST_KINDS
    row.prop(settings, "source_kind", expand=True)
    if settings.source_kind == FILE:
        draw_path(column, settings, "filepath")
        source_maps.draw(column, settings)
        if has_space:
            column.prop(settings, "color_space")
    elif settings.source_kind == IMAGE:
        draw_image(column, settings, "image")
        if has_space and settings.image:
            column.prop(settings.image.colorspace_settings, "name", text="Colour Space")
    elif settings.source_kind == MATERIAL:
        column.prop(settings, "material")
