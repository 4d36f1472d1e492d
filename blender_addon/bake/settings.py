# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a bake, each declared once: in each scene, as the operator's properties, and as options of the bake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from ..bridge import materials
from ..bridge.target import ASSIGN, NEW, NONE
from ..paths import RELATIVE_PATH
from ..tools.arguments import argument, with_properties
from ..tools.form import REPLACE
from .targets import BakeTargets
from .values import VALUE_MAPS

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
MAPS = (*VALUE_MAPS, "normal", "ambient_occlusion")
USUAL_MAPS = ("base_color", "roughness", "metallic", "normal")


def _search_uv_maps(_self: object, context: bpy.types.Context, typed: str) -> list[str]:
    """UV maps that every selected mesh has, with this in their names."""
    meshes = [item.data for item in context.selected_objects if item.type == "MESH"]
    first, *others = [mesh.uv_layers.keys() for mesh in meshes] or [[]]
    return [name for name in first if typed.lower() in name.lower() and all(name in names for names in others)]


@dataclass(frozen=True)
class BakeOptions:
    """Options of a bake. unit_m: metres in a Blender unit, for heights."""

    maps: tuple[str, ...] = field(
        default=USUAL_MAPS,
        metadata=argument(
            EnumProperty,
            "Maps",
            "The maps to bake",
            items=tuple((name, *LABELS[name], "", 1 << bit) for bit, name in enumerate(MAPS)),
            options={"ENUM_FLAG"},
            default=set(USUAL_MAPS),
        ),
    )
    width_px: int = field(
        default=1024, metadata=argument(IntProperty, "Width", "Width of the maps", min=1, max=16384, subtype="PIXEL")
    )
    height_px: int = field(
        default=1024, metadata=argument(IntProperty, "Height", "Height of the maps", min=1, max=16384, subtype="PIXEL")
    )
    margin_px: int = field(
        default=16,
        metadata=argument(
            IntProperty,
            "Margin",
            "How far the maps go on beyond the edges of UV islands",
            min=0,
            max=1024,
            subtype="PIXEL",
        ),
    )
    margin_type: str = field(
        default="ADJACENT_FACES",
        metadata=argument(
            EnumProperty,
            "Margin Type",
            "What the margin is filled with",
            items=(
                ("EXTEND", "Extend", "The pixels at the edge, drawn out"),
                ("ADJACENT_FACES", "Adjacent Faces", "The pixels beyond the seam"),
            ),
        ),
    )
    samples: int = field(
        default=4,
        metadata=argument(
            IntProperty,
            "Samples",
            "Samples of each pixel: 1 is fast, more smooth the edges in the pattern",
            min=1,
            max=4096,
        ),
    )
    uv_map: str = field(
        default="",
        metadata=argument(
            StringProperty,
            "UV Map",
            "The UV map to bake to; empty: the active one",
            search=_search_uv_maps,
            search_options={"SUGGESTION"},
        ),
    )
    unit_m: float = 1.0

    @classmethod
    def from_properties(cls, values: Mapping[str, Any]) -> BakeOptions:
        """Options of the properties' values, whose maps are a set, in this scene's unit."""
        maps = tuple(name for name in MAPS if name in values["maps"])
        return cls(**{**values, "maps": maps}, unit_m=materials.unit_m())


@dataclass(frozen=True)
class BakeOutput:
    """Destination of baked maps: images, a material, and files."""

    material: str = field(
        default=NONE,
        metadata=argument(
            EnumProperty,
            "Material",
            "What to make of the baked maps",
            items=(
                (NONE, "Images Only", "Only images"),
                (NEW, "New Material", "A new material, which the object does not use yet"),
                (ASSIGN, "Replace Materials", "A new material in all slots of the object"),
            ),
        ),
    )
    out_dir: str = field(
        default="",
        metadata=argument(
            StringProperty,
            "Folder",
            "Also save the maps as files here; empty: only in the .blend",
            subtype="DIR_PATH",
            options=RELATIVE_PATH,
        ),
    )
    replace: bool = field(default=False, metadata=REPLACE)


@with_properties(BakeTargets)
@with_properties(BakeOptions)
@with_properties(BakeOutput)
class BakeProperties:
    """Settings of a bake: in each scene, and as properties of the operator."""


class ImpastoBakeSettings(BakeProperties, bpy.types.PropertyGroup):
    """Settings of the Bake section, in each scene; Blender has a BakeSettings of its own."""


def register() -> None:
    bpy.utils.register_class(ImpastoBakeSettings)
    bpy.types.Scene.impasto_bake = bpy.props.PointerProperty(type=ImpastoBakeSettings)


def unregister() -> None:
    del bpy.types.Scene.impasto_bake
    bpy.utils.unregister_class(ImpastoBakeSettings)
