# SPDX-License-Identifier: GPL-3.0-or-later
"""The Bake panel's settings in each scene, which are also the operator's properties."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from ..bridge.target import ASSIGN, NEW, NONE
from ..paths import RELATIVE_PATH
from .checks import MAPS, BakeOptions

DEFAULTS = BakeOptions()
LABELS = {
    "base_color": ("Base Color", "The colour without any light"),
    "roughness": ("Roughness", "How matt the surface is"),
    "metallic": ("Metallic", "Where the surface is metal"),
    "emission": ("Emission", "The light that the surface gives"),
    "opacity": ("Opacity", "The alpha of the surface"),
    "height": ("Height", "The displacement or bump, in 16 bits; with the range that it spans"),
    "normal": ("Normal", "Tangent-space normals (OpenGL, +Y up), with bump and displacement, in 16 bits"),
    "ambient_occlusion": ("Ambient Occlusion", "How much the object's own shape leaves open"),
}
MAP_ITEMS = tuple((name, *LABELS[name], "", 1 << bit) for bit, name in enumerate(MAPS))
# Not within the class: Blender evaluates annotations where a comprehension does not see this module's names.


def _search_uv_maps(_self: object, context: bpy.types.Context, typed: str) -> list[str]:
    """UV maps that every selected mesh has, with this in their names."""
    meshes = [item.data for item in context.selected_objects if item.type == "MESH"]
    first, *others = [mesh.uv_layers.keys() for mesh in meshes] or [[]]
    return [name for name in first if typed.lower() in name.lower() and all(name in names for names in others)]


class BakeProperties:
    """Settings of a bake: in each scene, and as properties of the operator."""

    maps: EnumProperty(
        name="Maps",
        description="The maps to bake",
        items=MAP_ITEMS,
        options={"ENUM_FLAG"},
        default=set(DEFAULTS.maps),
    )
    width_px: IntProperty(
        name="Width", description="Width of the maps", default=DEFAULTS.width_px, min=1, max=16384, subtype="PIXEL"
    )
    height_px: IntProperty(
        name="Height", description="Height of the maps", default=DEFAULTS.height_px, min=1, max=16384, subtype="PIXEL"
    )
    margin_px: IntProperty(
        name="Margin",
        description="How far the maps go on beyond the edges of UV islands",
        default=DEFAULTS.margin_px,
        min=0,
        max=1024,
        subtype="PIXEL",
    )
    margin_type: EnumProperty(
        name="Margin Type",
        description="What the margin is filled with",
        items=(
            ("EXTEND", "Extend", "The pixels at the edge, drawn out"),
            ("ADJACENT_FACES", "Adjacent Faces", "The pixels beyond the seam"),
        ),
        default=DEFAULTS.margin_type,
    )
    samples: IntProperty(
        name="Samples",
        description="Samples of each pixel: 1 is fast, more smooth the edges in the pattern",
        default=DEFAULTS.samples,
        min=1,
        max=4096,
    )
    uv_map: StringProperty(
        name="UV Map",
        description="The UV map to bake to; empty: the active one",
        search=_search_uv_maps,
        search_options={"SUGGESTION"},
    )
    material: EnumProperty(
        name="Material",
        description="What to make of the baked maps",
        items=(
            (NONE, "Images Only", "Only images"),
            (NEW, "New Material", "A new material, which the object does not use yet"),
            (ASSIGN, "Replace Materials", "A new material in all slots of the object"),
        ),
        default=NONE,
    )
    out_dir: StringProperty(
        name="Folder",
        description="Also save the maps as files here; empty: only in the .blend",
        subtype="DIR_PATH",
        options=RELATIVE_PATH,
    )
    replace: BoolProperty(
        name="Replace", description="Replace files of the same name in the folder, which otherwise get a number"
    )


class ImpastoBakeSettings(BakeProperties, bpy.types.PropertyGroup):
    """Settings of the Bake section, in each scene; Blender has a BakeSettings of its own."""


def register() -> None:
    bpy.utils.register_class(ImpastoBakeSettings)
    bpy.types.Scene.impasto_bake = bpy.props.PointerProperty(type=ImpastoBakeSettings)


def unregister() -> None:
    del bpy.types.Scene.impasto_bake
    bpy.utils.unregister_class(ImpastoBakeSettings)
