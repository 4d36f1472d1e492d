# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of operators that run tools, made from the fields of a request; and the form of a result in requests."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ..bridge import mapping, mesh_masks
from ..bridge.inputs import Source, find_source, image_called
from ..bridge.target import ACTIVE, NEW, NONE, Target, target_of
from ..core.errors import ParameterError
from ..core.system.untrusted import parse_json
from ..engine.catalogue import catalogue
from ..jobs.description import description_task
from ..jobs.session import jobs
from ..parameters.groups import unit_m
from ..paths import FOLDER_PATH, absolute

BY_TYPE = {"bool": BoolProperty, "int": IntProperty, "float": FloatProperty}
"""Properties by the type of a field. Fields of other types are texts."""


def argument(
    default: Any,
    label: str,
    description: str,
    *,
    read: Callable[..., Any] | None = None,
    property_default: Any = None,
    **options: Any,
) -> Any:
    """Field of a request that operators and settings have as a property of its type; with `items`, as an enum.

    default: a value, or a type that makes one. read(text, name): converts the property's text to the field's value.
    property_default: default of the property, if it differs from the default of the field.
    """
    displayed = "" if read else default if property_default is None else property_default
    about = {"name": label, "description": description, "default": displayed, **options}
    field_options = {"default_factory": default} if isinstance(default, type) else {"default": default}
    return field(**field_options, metadata={"options": about, "read": read})


def same_as(request: type, name: str, default: Any = MISSING) -> Any:
    """Field of another request, perhaps with another default."""
    item = _arguments(request)[name]
    return field(default=item.default if default is MISSING else default, metadata=item.metadata)


def with_properties(request: type, *names: str, **options: Any) -> Callable[[type], type]:
    """Decorator that gives a class properties for all fields of a request, or for the named ones, with further options.

    Properties that the class declares itself stay as they are.
    """
    properties = {name: property_of(request, name, **options) for name in names or _arguments(request)}

    def decorate(cls: type) -> type:
        cls.__annotations__ = properties | inspect.get_annotations(cls)
        return cls

    return decorate


def _arguments(request: type) -> dict[str, Field[Any]]:
    return {item.name: item for item in fields(request) if item.metadata}


def property_of(request: type, name: str, **more: Any) -> Any:
    """Blender property of a request's field, with further options."""
    item = _arguments(request)[name]
    options = item.metadata["options"] | more
    make = EnumProperty if "items" in options else BY_TYPE.get(str(item.type).partition(" ")[0], StringProperty)
    return make(**options)


def values_of(request: type, operator: bpy.types.Operator, *, is_whole: bool = False) -> dict[str, Any]:
    """Values of an operator's properties for a request's fields: those that were set in this call, or all.

    JSON text counts as set if it is not empty. Raise ParameterError if it cannot be read.
    """
    known, found = operator.properties.bl_rna.properties.keys(), {}
    for name, item in _arguments(request).items():
        if name not in known:
            continue
        value, read = getattr(operator, name), item.metadata["read"]
        if is_whole or (value if read else operator.properties.is_property_set(name)):
            found[name] = read(value, name) if read else value
    return found


def given_properties(operator: bpy.types.Operator, names: Iterable[str]) -> dict[str, Any]:
    """Properties of an operator that were set in this call, and so override the panel."""
    return {name: getattr(operator, name) for name in names if operator.properties.is_property_set(name)}


def values_in(request: type, settings: bpy.types.PropertyGroup) -> dict[str, Any]:
    """Values of a scene's settings for those fields of a request that the settings have."""
    names = settings.bl_rna.properties.keys()
    return {name: getattr(settings, name) for name in _arguments(request) if name in names}


def values_over(request: type, settings: bpy.types.PropertyGroup, operator: bpy.types.Operator) -> dict[str, Any]:
    """Values of a scene's settings for a request's fields. Properties that were set in this call override them."""
    return values_in(request, settings) | values_of(request, operator)


def ensure_known(tool: str) -> None:
    """Ask the engine for its tools if this tool is not known yet."""
    if tool not in catalogue:
        jobs.finish(description_task())


def width_of(operator: bpy.types.Operator, context: bpy.types.Context) -> float:
    """Real-world width of a picture in metres, from this call, or else from the panel; 0 if it is not known."""
    scene = context.scene
    return given_properties(operator, ("width_m",)).get("width_m", scene.impasto.width_m * unit_m(scene))


def source_of(image: str, path: str) -> Source | None:
    """Image of this name, else the file at the path; None if neither is given."""
    if image:
        return image_called(image)
    return Path(absolute(path)) if path else None


def sources_from(text: str, what: str) -> dict[str, list[Source | None]]:
    """Sources by input, from a JSON object of paths and names of images, or lists, else raise ParameterError."""
    sources = {name: [one] if isinstance(one, str) else one for name, one in parse_object(text, what).items()}
    for name, names in sources.items():
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            message = "the input {} is no name and no list of names"
            raise ParameterError(message, 'write {"style": "monet.jpg"}, or {"style": ["monet.jpg", "wave.jpg"]}', name)
    return {name: [find_source(one) if one else None for one in names] for name, names in sources.items()}


def parse_names(text: str, what: str) -> list[str]:
    """Names in the JSON list in a property. Empty text is an empty list. Raise ParameterError for other text."""
    example = 'write them like ["lane", "road"]'
    try:
        names = parse_json(text, what, kind=ParameterError) if text else []
    except ParameterError as error:
        raise ParameterError(error.message, example) from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ParameterError("{} must be a JSON list of names, got {}", example, what, text[:40])
    return names


def parse_object(text: str, what: str) -> dict[str, Any]:
    """JSON object in a property's text; empty text is an empty object. Raise ParameterError for anything else."""
    try:
        value = parse_json(text, what, kind=ParameterError) if text else {}
    except ParameterError as error:
        raise ParameterError(error.message, 'write them like {"variety": 0.7}') from error
    if not isinstance(value, dict):
        raise ParameterError("{} must be a JSON object, got {}", 'write them like {"variety": 0.7}', what, text[:40])
    return value


BITS = (
    ("8", "8 bits", "Small and fast"),
    ("16", "16 bits", "Smooth heights, for true displacement; four times the memory"),
)
MATERIALS = (
    (NEW, "New", "A new material on the selected objects"),
    (ACTIVE, "Active", "The active object's material: its other nodes stay as they are"),
    (NONE, "Images", "New images, no material"),
)
AS_STORED = "AUTO"
COLOR_SPACES = (
    (
        AS_STORED,
        "As in the File",
        "What the file says: its profile or its primaries, and else sRGB, or linear for floats",
    ),
    ("sRGB", "sRGB", "sRGB, whatever the file says"),
    ("Linear Rec.709", "Linear sRGB", "Light in the primaries of sRGB"),
    ("Display P3", "Display P3", "As phones and Apple's computers store photographs"),
    ("Adobe RGB", "Adobe RGB", "As cameras store photographs for printing"),
    ("ProPhoto RGB", "ProPhoto RGB", "As developers of raw files store photographs"),
    ("Rec.2020", "Rec.2020", "As for television, with the curve of a screen"),
    ("Linear Rec.2020", "Linear Rec.2020", "Light in the primaries of Rec.2020"),
    ("ACEScg", "ACEScg", "Light in the primaries of ACES for rendering"),
    ("ACES2065-1", "ACES2065-1", "Light in the primaries of ACES for exchange"),
    ("Non-Color", "Non-Color", "Values as they are stored"),
)
DIRECTIONS = {
    "name": "Directions",
    "description": "Image of where strokes and patterns point up on the mesh, by its UVs: red along U, green along V, "
    "0.5 for none",
}
LOOK = ("width_m", "mapping", "use_displacement", "use_ambient_occlusion")
"""Fields of the form on which a material depends."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """Form of a result, and where it goes.

    name: of the results. out_dir: folder for files. device: empty for the one in the preferences. width_m, color_space:
    of the source. across_seams: work across the seams of the mesh that the source is a texture of; None: if there is a
    mesh. directions: of strokes and patterns on the mesh. mask_by: property of the mesh that is the mask.
    """

    name: str = argument("", "Name", "What the results are called (default: as the source)")
    bits: str = argument("8", "Depth", "Bits of each channel of the results", items=BITS)
    out_dir: str = argument("", "Output Folder", "Write the maps as files here instead of packing them", **FOLDER_PATH)
    replace: bool = argument(
        False, "Replace", "Replace files of the same name in the folder, which otherwise get a number"
    )
    device: str = argument("", "Device", "auto, cpu, cuda, cuda:1 or mps; empty: as in the preferences")
    width_m: float = argument(0.0, "Real Width", "Real-world width of a picture in metres; 0: unknown", min=0)
    color_space: str = argument(
        AS_STORED,
        "Colour Space",
        "What the colours of the source's file are, in place of what it says; an image has its own in its settings",
        items=COLOR_SPACES,
    )
    material: str = argument(NEW, "Material", "Where the result goes", items=MATERIALS)
    mapping: str = argument(
        mapping.AUTO, "Mapping", "How the textures of a new material are mapped to surfaces", items=mapping.CHOICES
    )
    use_displacement: bool = argument(
        False, "True Displacement", "Displace the surface itself (Cycles and EEVEE, finely subdivided meshes)"
    )
    use_ambient_occlusion: bool = argument(
        False, "Ambient Occlusion", "Darken the base colour by the ambient occlusion map"
    )

    across_seams: bool | None = argument(
        None,
        "Across Seams",
        "Work on across the seams of the UVs, on the selected objects that show the material",
        property_default=True,
    )
    directions: Source | None = argument(  # noqa: RUF009  it makes a field
        None, *DIRECTIONS.values(), read=lambda text, _: find_source(text) if text else None
    )
    mask_by: str = argument(
        mesh_masks.IMAGE,
        "Mask By",
        "Where a texture of the selected objects is changed, by a tool that takes a mask",
        items=mesh_masks.ITEMS,
    )

    @property
    def scale(self) -> dict[str, float]:
        """Real-world width of the source, if it is known."""
        return {"width_m": self.width_m} if self.width_m > 0 else {}

    def target_called(self, context: bpy.types.Context, name: str) -> Target:
        """Target of a result of this name. Raise ParameterError if the active material cannot take maps."""
        return target_of(context, self.material, name, **{one: getattr(self, one) for one in LOOK})
