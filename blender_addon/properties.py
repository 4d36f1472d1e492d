# SPDX-License-Identifier: GPL-3.0-or-later
"""Scene settings, and one property group for each tool, made from its parameters' JSON Schema alone.

What a model decides (its sliders, the materials it knows) is read from the cached catalogue when it is drawn.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .catalogue import DEFAULT_ESTIMATOR, DEFAULT_TOOL, DEFAULT_TRAINER, SIZE_PARAMETERS, catalogue, properties_of

MAX_INT = 2**31 - 1
RELATIVE_PATH = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5) else set()
"""Options of properties that take paths beginning with //; from 4.5 on Blender warns where they do not say so."""
CHOSEN_KINDS = ("generator", "filter", "estimator", "stylizer")
INPUT_PREFIX = "input_"
MATERIALS = ("material", "blend_material")
"""Parameters of a generator for models that know several materials: each one of the model's classes."""
_items: dict[str, list[tuple[str, str, str, int]]] = {}
"""Blender keeps no reference to the strings of dynamic enum items: they live here."""


class _Changed:
    """What is called whenever a parameter or the seed was changed; set by whoever shows previews."""

    listener: Callable[[], None] | None = None


def when_changed(listener: Callable[[], None] | None) -> None:
    """Call `listener` whenever a parameter of a tool that makes textures, or the seed, was changed."""
    _Changed.listener = listener


def _tell_changed(_self: Any, _context: Any) -> None:
    if _Changed.listener:
        _Changed.listener()


def _tool_items(_self: Any, _context: Any) -> list[tuple[str, str, str, int]]:
    return _items["tool"]


def _estimator_items(_self: Any, _context: Any) -> list[tuple[str, str, str, int]]:
    return _items["estimator"]


def _trainer_items(_self: Any, _context: Any) -> list[tuple[str, str, str, int]]:
    return _items["trainer"]


def _fill_items() -> None:
    trainers = [tool for tool in catalogue if tool["kind"] == "trainer"]
    _items["trainer"] = [_item(tool, DEFAULT_TRAINER) for tool in trainers]
    tools = [tool for tool in catalogue if tool["kind"] in CHOSEN_KINDS]
    estimators = [tool for tool in catalogue if tool["kind"] == "estimator"]
    _items["tool"] = [_item(tool, DEFAULT_TOOL) for tool in tools]
    _items["estimator"] = [_item(tool, DEFAULT_ESTIMATOR) for tool in estimators]
    _items["estimator"].append(("none", "None", "Only the maps that the tool itself makes", MAX_INT))


def _item(tool: Mapping[str, Any], default: str) -> tuple[str, str, str, int]:
    """An enum item whose number stays the same when other tools come and go; 0, a new scene's, is the default."""
    number = 0 if tool["name"] == default else zlib.crc32(tool["name"].encode()) % MAX_INT
    return tool["name"], tool["label"], tool["description"], number


class ImpastoSettings(bpy.types.PropertyGroup):
    """What the panel is set to, in each scene."""

    tool: EnumProperty(name="Tool", description="What makes the texture", items=_tool_items, update=_tell_changed)
    source_kind: EnumProperty(
        name="Source",
        description="The picture to start from",
        items=(
            ("FILE", "File", "A picture, or a folder of maps, on disk"),
            ("IMAGE", "Image", "An image of this .blend file"),
            ("NONE", "None", "No source: for tools that make textures from nothing"),
        ),
        update=_tell_changed,
    )
    filepath: StringProperty(
        name="File",
        description="A picture, or a folder of maps",
        subtype="FILE_PATH",
        options=RELATIVE_PATH,
        update=_tell_changed,
    )
    image: PointerProperty(
        name="Image", description="An image of this .blend file", type=bpy.types.Image, update=_tell_changed
    )
    width_px: IntProperty(
        name="Width", description="Width of the result; 0: as the source", min=0, max=16384, subtype="PIXEL"
    )
    height_px: IntProperty(
        name="Height", description="Height of the result; 0: as the source", min=0, max=16384, subtype="PIXEL"
    )
    seed: IntProperty(name="Seed", description="Another seed, another result", min=0, max=MAX_INT, update=_tell_changed)
    lock_seed: BoolProperty(
        name="Lock Seed", description="Keep the seed; unlocked, Generate takes another one each time", default=True
    )
    live_preview: BoolProperty(
        name="Live Preview",
        description="Show a small preview whenever a parameter changes",
        update=_tell_changed,
    )
    estimator: EnumProperty(
        name="Other Maps", description="What estimates the maps that the tool does not make", items=_estimator_items
    )
    bits: EnumProperty(
        name="Depth",
        description="Bits of each channel of the results",
        items=(
            ("8", "8 bits", "Small and fast"),
            ("16", "16 bits", "Smooth heights, for true displacement; four times the memory"),
        ),
    )
    material: EnumProperty(
        name="Material",
        description="Where the result goes",
        items=(
            ("NEW", "New", "A new material on the selected objects"),
            ("ACTIVE", "Active", "The active object's material: its other nodes stay as they are"),
            ("NONE", "Images", "New images, no material"),
        ),
    )
    width_m: FloatProperty(
        name="Real Width",
        description="How wide the source is in the world; 0: not known, taken as 1 metre",
        min=0.0,
        soft_max=10.0,
        unit="LENGTH",
        subtype="DISTANCE",
    )
    use_displacement: BoolProperty(
        name="True Displacement", description="Displace the surface itself (Cycles, finely subdivided meshes)"
    )
    use_ambient_occlusion: BoolProperty(
        name="Ambient Occlusion", description="Darken the base colour by the ambient occlusion map"
    )


class TrainingSettings(bpy.types.PropertyGroup):
    """What the training panel is set to, in each scene."""

    tool: EnumProperty(name="Trainer", description="What learns", items=_trainer_items)
    data_kind: EnumProperty(
        name="Data",
        description="What it learns from",
        items=(
            ("FILE", "File", "A photograph"),
            ("FOLDER", "Folder", "Photographs, maps of one material, or a folder for each material"),
            ("IMAGE", "Image", "An image of this .blend file"),
        ),
    )
    filepath: StringProperty(name="File", description="A photograph", subtype="FILE_PATH", options=RELATIVE_PATH)
    folder: StringProperty(
        name="Folder",
        description="Photographs, maps of one material, or a folder for each material",
        subtype="DIR_PATH",
        options=RELATIVE_PATH,
    )
    image: PointerProperty(name="Image", description="An image of this .blend file", type=bpy.types.Image)
    licence: StringProperty(
        name="Licence", description="Licence of the data, such as CC0-1.0 or own; the model's card keeps it"
    )
    width_m: FloatProperty(
        name="Real Width",
        description="How wide a picture is in the world; 0: not known",
        min=0.0,
        soft_max=10.0,
        unit="LENGTH",
        subtype="DISTANCE",
    )
    seed: IntProperty(name="Seed", description="Another seed, another course of the training", min=0, max=MAX_INT)


class _Live:
    """The classes made from the current description, registered anew when the tools change."""

    def __init__(self) -> None:
        self.groups: list[type] = []
        self.root: type | None = None

    def register(self) -> None:
        _fill_items()
        pointers = {}
        for tool in catalogue:
            group = _group(tool)
            bpy.utils.register_class(group)
            self.groups.append(group)
            pointers[identifier(tool["name"])] = PointerProperty(type=group)
        self.root = type("IMPASTO_PG_parameters", (bpy.types.PropertyGroup,), {"__annotations__": pointers})
        bpy.utils.register_class(self.root)
        bpy.types.Scene.impasto_parameters = PointerProperty(type=self.root)

    def unregister(self) -> None:
        if self.root is None:
            return
        del bpy.types.Scene.impasto_parameters
        bpy.utils.unregister_class(self.root)
        for group in self.groups:
            bpy.utils.unregister_class(group)
        self.groups, self.root = [], None


_live = _Live()


def refresh() -> None:
    """Make the tools' groups again after the catalogue changed. Values that were set stay."""
    _live.unregister()
    _live.register()


def register() -> None:
    bpy.utils.register_class(ImpastoSettings)
    bpy.utils.register_class(TrainingSettings)
    bpy.types.Scene.impasto = PointerProperty(type=ImpastoSettings)
    bpy.types.Scene.impasto_training = PointerProperty(type=TrainingSettings)
    _live.register()


def unregister() -> None:
    _live.unregister()
    del bpy.types.Scene.impasto, bpy.types.Scene.impasto_training
    bpy.utils.unregister_class(TrainingSettings)
    bpy.utils.unregister_class(ImpastoSettings)
    _items.clear()


def identifier(name: str) -> str:
    """A property's name for a tool or parameter; Blender's own names get an underscore."""
    plain = name.replace("-", "_")
    return f"{plain}_" if hasattr(bpy.types.PropertyGroup, plain) else plain


def group_of(scene: bpy.types.Scene, tool: Mapping[str, Any]) -> bpy.types.PropertyGroup:
    """The scene's parameters of a tool."""
    return getattr(scene.impasto_parameters, identifier(tool["name"]))


def drawn_parameters(tool: Mapping[str, Any]) -> list[str]:
    """The parameters that a panel lists; the size is drawn elsewhere."""
    return [name for name in properties_of(tool) if name not in SIZE_PARAMETERS]


def is_visible(group: bpy.types.PropertyGroup, tool: Mapping[str, Any], name: str) -> bool:
    """Whether `visible_if` lets the parameter be seen, and the chosen model has it."""
    conditions = properties_of(tool)[name].get("visible_if", {})
    return is_of_model(group, tool, name) and all(
        value_of(group, tool, other) in values for other, values in conditions.items()
    )


def is_of_model(group: bpy.types.PropertyGroup, tool: Mapping[str, Any], name: str) -> bool:
    """Whether the chosen model has this parameter, where it is a slider, or the choice among several materials."""
    if model_parameter(tool) is None or not (name in MATERIALS or slider_index(name) is not None):
        return True
    model = chosen_model(group, tool)
    if model is None:
        return False
    return bool(model["classes"]) if name in MATERIALS else slider_index(name) < len(model["sliders"])


def model_parameter(tool: Mapping[str, Any]) -> str | None:
    """The parameter that names the model which the tool itself runs; None where it has none."""
    parameters = properties_of(tool).items()
    return next((name for name, schema in parameters if is_model(schema) and "model_of" not in schema), None)


def chosen_model(group: bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the catalogue says of the model that the tool would run now."""
    name = model_parameter(tool)
    return catalogue.model(tool["name"], getattr(group, identifier(name))) if name else None


def choose_model(scene: bpy.types.Scene, name: str) -> Mapping[str, Any] | None:
    """Have the generator that runs this model use it; the generator, or None where it is not here."""
    model = next((model for model in catalogue.models if model["name"] == name), None)
    if model is None or model["tool"] not in catalogue:
        return None
    tool = catalogue[model["tool"]]
    if parameter := model_parameter(tool):
        setattr(group_of(scene, tool), identifier(parameter), name)
    return tool


def shown_label(group: bpy.types.PropertyGroup, tool: Mapping[str, Any], name: str) -> str:
    """How a parameter is called where it is drawn: a slider as the chosen model calls it."""
    index, model = slider_index(name), chosen_model(group, tool)
    if index is not None and model and index < len(model["sliders"]):
        slider = model["sliders"][index]
        return slider.get("label") or slider["name"].replace("_", " ").capitalize()
    return label_of(name, properties_of(tool)[name])


def is_model(schema: Mapping[str, Any]) -> bool:
    """Whether a parameter names a model."""
    return schema.get("format") == "model"


def slider_index(name: str) -> int | None:
    """Which slider of a model the parameter is, from 0; None for other parameters."""
    found = re.fullmatch(r"slider_(\d+)", name)
    return int(found[1]) - 1 if found else None


def value_of(group: bpy.types.PropertyGroup, tool: Mapping[str, Any], name: str) -> Any:
    """A parameter's value as a recipe holds it: floats have six digits, since Blender's 0.7 is 0.699999988."""
    schema, value = properties_of(tool)[name], getattr(group, identifier(name))
    if choices := _choices(schema):
        return next(choice for choice in choices if str(choice) == value)
    if schema["type"] == "array":
        return [_six_digits(item) for item in value]
    return _six_digits(value) if isinstance(value, float) else value


def parameters_of(scene: bpy.types.Scene, tool: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of a tool as the panel shows them, but for the size, and for what the model does not have."""
    group = group_of(scene, tool)
    names = [name for name in drawn_parameters(tool) if is_of_model(group, tool, name)]
    return {name: value_of(group, tool, name) for name in names}


def image_inputs(tool: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tool's named inputs that are images; a trainer's data is not."""
    return [item for item in tool["inputs"] if item.get("kind", "maps") == "maps"]


def images_of(scene: bpy.types.Scene, tool: Mapping[str, Any]) -> dict[str, bpy.types.Image]:
    """The images chosen for the tool's named inputs."""
    group = group_of(scene, tool)
    chosen = {item["name"]: getattr(group, INPUT_PREFIX + identifier(item["name"])) for item in image_inputs(tool)}
    return {name: image for name, image in chosen.items() if image is not None}


def _six_digits(value: float) -> float:
    return float(f"{value:.6g}")


def _group(tool: Mapping[str, Any]) -> type:
    annotations = {identifier(name): property_of(name, schema, tool) for name, schema in properties_of(tool).items()}
    for item in image_inputs(tool):
        annotations[INPUT_PREFIX + identifier(item["name"])] = PointerProperty(
            name=label_of(item["name"], {}), description=item["description"], type=bpy.types.Image
        )
    name = f"IMPASTO_PG_{identifier(tool['name'])}"
    return type(name, (bpy.types.PropertyGroup,), {"__annotations__": annotations, "__doc__": tool["description"]})


def label_of(name: str, schema: Mapping[str, Any]) -> str:
    """A parameter's label: its title, or its name without the unit where pydantic made the title from the name."""
    made = name.replace("_", " ").title()
    title = schema.get("title", made)
    return made.removesuffix(" Px").removesuffix(" M") if title == made else title


def _choices(schema: Mapping[str, Any]) -> list[Any]:
    return schema.get("enum") or ([schema["const"]] if "const" in schema else [])


def property_of(name: str, schema: Mapping[str, Any], tool: Mapping[str, Any] | None = None) -> Any:
    """Blender's property for a parameter's JSON Schema. The kinds are those that `check_tool` lets pass."""
    about = {"name": label_of(name, schema), "description": schema.get("description", "")}
    if tool and tool["kind"] != "trainer":
        about["update"] = _tell_changed
    default = schema["default"]
    if choices := _choices(schema):
        items = [(str(choice), str(choice).replace("-", " ").replace("_", " ").capitalize(), "") for choice in choices]
        return EnumProperty(**about, items=items, default=str(default))
    kind = schema["type"]
    if kind == "boolean":
        return BoolProperty(**about, default=default)
    if kind == "integer":
        subtype = "PIXEL" if name.endswith("_px") else "NONE"
        return IntProperty(**about, default=default, subtype=subtype, **_limits(schema, 1))
    if kind == "number":
        limits = _limits(schema, 0)
        is_share = limits.get("min", -1) >= 0 and limits.get("max", 2) <= 1
        subtype = "DISTANCE" if name.endswith("_m") else "FACTOR" if is_share else "NONE"
        return FloatProperty(**about, default=default, precision=3, subtype=subtype, **limits)
    if kind == "string":
        return StringProperty(**about, default=default, **_search(name, schema, tool))
    is_color = schema.get("format") == "color"
    limits = {"min": 0.0, "max": 1.0, "subtype": "COLOR_GAMMA"} if is_color else {}
    return FloatVectorProperty(**about, default=default, size=len(schema["prefixItems"]), **limits)


def _search(name: str, schema: Mapping[str, Any], tool: Mapping[str, Any] | None) -> dict[str, Any]:
    """For a parameter that names a model or one of its materials: what there is to choose from, while it is typed."""
    if tool is None or not (is_model(schema) or (name in MATERIALS and model_parameter(tool))):
        return {}
    owner = schema.get("model_of", tool["name"])

    def names(group: bpy.types.PropertyGroup) -> Iterator[str]:
        if is_model(schema):
            yield from (model["name"] for model in catalogue.models_for(owner))
        elif model := chosen_model(group, tool):
            yield from model["classes"]

    def search(group: bpy.types.PropertyGroup, _context: bpy.types.Context, typed: str) -> list[str]:
        return [found for found in names(group) if typed.lower() in found.lower()]

    return {"search": search, "search_options": {"SUGGESTION"}}


def _limits(schema: Mapping[str, Any], step: int) -> dict[str, Any]:
    """Blender's limits from the schema's; an exclusive one of a whole number is one `step` further in."""
    limits = {}
    for limit, inclusive, exclusive, inward in (
        ("min", "minimum", "exclusiveMinimum", step),
        ("max", "maximum", "exclusiveMaximum", -step),
    ):
        if inclusive in schema:
            limits[limit] = schema[inclusive]
        elif exclusive in schema:
            limits[limit] = schema[exclusive] + inward
    return limits
