# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a bake, each declared once: in each scene, as the operator's properties, and as options of the bake."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

import bpy

from ..bridge import materials
from ..bridge.target import NEW, NONE, UNUSED
from ..core.errors import ParameterError
from ..paths import FOLDER_PATH
from ..tools.form import Form, argument, same_as, values_in, values_over, with_properties
from ..tools.packed_files import PRESETS
from .files import FORMAT_ITEMS, PATTERN, PNG, SEPARATE
from .maps.geometry import GEOMETRY_MAPS
from .maps.identity import IDENTITY_MAPS
from .maps.values import INPUT_MAPS, VALUE_MAPS, completions, input_maps

EACH, ONE = "EACH", "ONE"
CHOSEN, BAKED_BEFORE = "CHOSEN", "BAKED"
OWN, SELECTED, NAMED = "OWN", "SELECTED", "NAMED"


@dataclass(frozen=True)
class BakeTargets:
    """Objects that share a set of maps, and those whose surface it shows. extrusion, ray_distance: in Blender units."""

    target: str = argument(
        EACH,
        "Target",
        "Which objects share a set of maps",
        items=(
            (EACH, "Each Object", "A set of maps for each selected object"),
            (ONE, "All in One", "One set of maps for all selected objects, whose UV islands share the square"),
        ),
    )
    objects: str = argument(
        CHOSEN,
        "Objects",
        "Which objects are baked",
        items=(
            (CHOSEN, "Selected", "The selected objects"),
            (BAKED_BEFORE, "Baked Before", "All objects of the scene that have baked images, selected or not"),
        ),
    )
    surface: str = argument(
        OWN,
        "Surface",
        "Whose surface the maps show",
        items=(
            (OWN, "Own", "Each object's own"),
            (SELECTED, "Selected to Active", "That of the other selected objects, on the active one"),
            (NAMED, "By Names", "That of the high objects of the same name, on each selected low one"),
        ),
    )
    use_tiles: bool = argument(
        False, "UDIM Tiles", "Bake all tiles that the UVs use, each of the given size, into one tiled image"
    )
    low_suffix: str = argument("_low", "Low Suffix", "End of the names of low objects")
    high_suffix: str = argument(
        "_high", "High Suffix", "End of the names of high objects, which another part may follow"
    )
    cage_suffix: str = argument("_cage", "Cage Suffix", "End of the names of cages")
    extrusion: float = argument(
        0.0, "Extrusion", "How far above the low surface rays begin; 0 finds it", min=0.0, subtype="DISTANCE"
    )
    ray_distance: float = argument(
        0.0, "Ray Distance", "How far rays go from where they begin; 0 finds it", min=0.0, subtype="DISTANCE"
    )

    def check_suffixes(self) -> None:
        """Raise ParameterError unless the suffixes tell low, high and cage apart."""
        suffixes = [one.lower() for one in (self.low_suffix, self.high_suffix, self.cage_suffix)]
        if not all(suffixes) or len(set(suffixes)) < len(suffixes):
            raise ParameterError("The suffixes of low, high and cage are not three different ones", "write three")


def base_of(name: str, suffix: str) -> str:
    """The part of an object's name before a suffix, in lower case; "" if it has none.

    More may follow: `crate_high.001` and `crate_high_bolts` belong to `crate`. Letters that follow at once make another
    word, as in `crate_highway`.
    """
    if suffix.lower() not in name.lower():
        return ""
    found = re.match(rf"(.+?){re.escape(suffix.lower())}(?![^\W\d_])", name.lower())
    return found[1] if found else ""


LABELS = {
    "base_color": ("Base Color", "The colour without any light"),
    "roughness": ("Roughness", "How matt the surface is"),
    "metallic": ("Metallic", "Where the surface is metal"),
    "emission": ("Emission", "The light that the surface gives"),
    "opacity": ("Opacity", "The alpha of the surface"),
    "height": ("Height", "The displacement or bump, in 16 bits; with the range that it spans"),
    "normal": ("Normal", "Tangent-space normals (OpenGL, +Y up), with bump and displacement, in 16 bits"),
    "ambient_occlusion": ("Ambient Occlusion", "How much the object's own shape leaves open"),
    "position": ("Position", "Position in the object's bounding box, from 0 to 1, in 16 bits"),
    "object_normal": ("Object Normal", "Normals of the shape in the object's space, without bump, in 16 bits"),
    "world_normal": ("World Normal", "Normals of the shape in the world's space, without bump, in 16 bits"),
    "curvature": ("Curvature", "Mean curvature: 0.5 where flat, lighter where convex, darker where concave"),
    "cavity": ("Cavity", "Concave curvature: white in grooves and inner edges"),
    "edge_mask": ("Edge Mask", "Convex curvature: white at outer edges, where surfaces wear"),
    "thickness": ("Thickness", "Mean length of rays through the object, as a share of Thickness Range"),
    "material_id": ("Material Mask", "A flat colour for each material"),
    "object_id": ("Object Mask", "A flat colour for the object, made of its name"),
    "island_id": ("Island Mask", "A flat colour for each island of the UV map"),
    "vertex_color": ("Vertex Color", "The mesh's active colour attribute"),
}


@dataclass(frozen=True)
class MapGroup:
    """Maps under one heading of the panel."""

    heading: str
    names: tuple[str, ...]


GROUPS = (
    MapGroup(heading="Surface", names=(*VALUE_MAPS, "normal", "ambient_occlusion")),
    MapGroup(heading="Geometry", names=GEOMETRY_MAPS),
    MapGroup(heading="Masks", names=IDENTITY_MAPS),
)
LISTED_MAPS = tuple(name for group in GROUPS for name in group.names)
MAPS = (*LISTED_MAPS, *INPUT_MAPS)
USUAL_MAPS = ("base_color", "roughness", "metallic", "normal")
OF_MATERIALS = (*VALUE_MAPS, *INPUT_MAPS, "normal")
"""Maps that depend on more of the materials than their names."""


def _search_uv_maps(_self: object, context: bpy.types.Context, typed: str) -> list[str]:
    """UV maps that every selected mesh has, with this in their names."""
    meshes = [item.data for item in context.selected_objects if item.type == "MESH"]
    first, *others = [mesh.uv_layers.keys() for mesh in meshes] or [[]]
    return [name for name in first if typed.lower() in name.lower() and all(name in names for names in others)]


def _search_inputs(_self: object, _context: bpy.types.Context, typed: str) -> list[str]:
    return completions(typed)


@dataclass(frozen=True, kw_only=True)
class BakeOptions:
    """Options of a bake. maps: all of them, those of `inputs` too; unit_m: metres in a Blender unit, for heights."""

    maps: tuple[str, ...] = argument(
        USUAL_MAPS,
        "Maps",
        "The maps to bake",
        items=tuple((name, *LABELS[name], "", 1 << bit) for bit, name in enumerate(LISTED_MAPS)),
        options={"ENUM_FLAG"},
        property_default=set(USUAL_MAPS),
    )
    inputs: str = argument(
        "",
        "Other Inputs",
        "Further inputs of the Principled BSDF to bake, by name: Coat Weight, Sheen Tint",
        search=_search_inputs,
        search_options={"SUGGESTION"},
    )
    width_px: int = argument(1024, "Width", "Width of the maps", min=1, max=16384, subtype="PIXEL")
    height_px: int = argument(1024, "Height", "Height of the maps", min=1, max=16384, subtype="PIXEL")
    margin_px: int = argument(
        16, "Margin", "How far the maps go on beyond the edges of UV islands", min=0, max=1024, subtype="PIXEL"
    )
    margin_type: str = argument(
        "ADJACENT_FACES",
        "Margin Type",
        "What the margin is filled with",
        items=(
            ("EXTEND", "Extend", "The pixels at the edge, drawn out"),
            ("ADJACENT_FACES", "Adjacent Faces", "The pixels beyond the seam"),
        ),
    )
    samples: int = argument(
        4, "Samples", "Samples of each pixel: 1 is fast, more smooth the edges in the pattern", min=1, max=4096
    )
    anti_aliasing: str = argument(
        "1",
        "Anti-Aliasing",
        "Parts of each pixel that are baked and averaged, so that edges of masks and faces are smooth",
        items=(
            ("1", "Off", "Each pixel shows the face at its centre"),
            ("4", "4 Parts", "Bake twice as wide and as high"),
            ("16", "16 Parts", "Bake four times as wide and as high"),
        ),
    )
    edge_radius: float = argument(
        0.02,
        "Edge Radius",
        "Radius of rounded edges in curvature, cavity and edge mask, as a share of the object's largest dimension",
        min=0.001,
        max=0.5,
        precision=3,
        subtype="FACTOR",
    )
    thickness_range: float = argument(
        0.0,
        "Thickness Range",
        "Thickness that is white in the thickness map; 0: as great as that of most of the object",
        min=0.0,
        precision=3,
        subtype="DISTANCE",
    )
    uv_map: str = argument(
        "",
        "UV Map",
        "The UV map to bake to; empty: the active one",
        search=_search_uv_maps,
        search_options={"SUGGESTION"},
    )
    file_format: str = argument(PNG, "Format", "Format and bits of the files in the folder", items=FORMAT_ITEMS)
    unit_m: float = 1.0

    @property
    def factor(self) -> int:
        """Number of parts of a pixel along each side."""
        return math.isqrt(int(self.anti_aliasing))

    @property
    def need_materials(self) -> bool:
        """Whether one of the maps shows what materials are set to; others need none."""
        return not self.maps or any(name in OF_MATERIALS for name in self.maps)

    @property
    def of_parts(self) -> BakeOptions:
        """Options of a bake whose pixels are the parts of this one's."""
        sides = ("width_px", "height_px", "margin_px")
        return replace(self, **{name: getattr(self, name) * self.factor for name in sides}, anti_aliasing="1")

    @classmethod
    def of(cls, settings: bpy.types.PropertyGroup, operator: bpy.types.Operator | None = None) -> BakeOptions:
        """Options from a scene's settings, and over them what was set in an operator's call; in this scene's unit.

        Raise ParameterError for an input that the shader lacks.
        """
        values = values_over(cls, settings, operator) if operator else values_in(cls, settings)
        listed = (name for name in LISTED_MAPS if name in values["maps"])
        maps = tuple(dict.fromkeys([*listed, *input_maps(values["inputs"])]))
        rounded = {name: round(values[name], 6) for name in ("edge_radius", "thickness_range")}
        read = {"maps": maps, **rounded}
        return cls(**{**values, **read}, unit_m=materials.unit_m())


@dataclass(frozen=True)
class BakeOutput:
    """Destination of baked maps: images, a material, and files."""

    material: str = argument(
        NONE,
        "Material",
        "What to make of the baked maps",
        items=(
            (NONE, "Images Only", "Only images"),
            (UNUSED, "New Material", "A new material, which the object does not use yet"),
            (NEW, "Replace Materials", "A new material in all slots of the object"),
        ),
    )
    out_dir: str = argument("", "Folder", "Also save the maps as files here; empty: only in the .blend", **FOLDER_PATH)
    preset: str = argument(
        SEPARATE,
        "Engine",
        "Files, channels and normals as this engine expects them",
        items=((SEPARATE, "File for Each Map", "As Impasto names them"), *PRESETS),
    )
    pattern: str = argument(
        PATTERN, "File Names", "Names of the files in the folder, made of {object} and {map}, without suffix"
    )
    replace: bool = same_as(Form, "replace")
    only_changed: bool = argument(
        False,
        "Only What Changed",
        "Keep baked images whose objects, materials and settings are as they were, and bake only the others",
    )


@with_properties(BakeTargets)
@with_properties(BakeOptions)
@with_properties(BakeOutput)
class BakeProperties:
    """Settings of a bake: in each scene, and as properties of the operator."""


class ImpastoBakeSettings(BakeProperties, bpy.types.PropertyGroup):
    """Settings of the Bake section, in each scene; Blender has a BakeSettings of its own."""


POINTER = (bpy.types.Scene, "impasto_bake", ImpastoBakeSettings)
