# SPDX-License-Identifier: GPL-3.0-or-later
"""Property groups of tools, in a scene or a layer, and a parameter's JSON Schema as a Blender property."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, FloatVectorProperty, IntProperty, StringProperty

from ..core import schemas
from ..engine.catalogue import SIZE_PARAMETERS, catalogue, properties_of

POINT = "point"
"""Format of a position in the source: fractions from its left and its top."""
AZIMUTH = "azimuth"
"""Format of the direction that light comes from, in degrees; below 0 if it is unknown."""


def label_of(name: str, schema: Mapping[str, Any]) -> str:
    """Label of a parameter: its title; without the unit if pydantic made the title from the name."""
    label = name.replace("_", " ").title()
    title = schema.get("title", label)
    return label.removesuffix(" Px").removesuffix(" M") if title == label else title


def label_of_choice(choice: Any) -> str:
    """Label of one of the values that a parameter may have."""
    return str(choice).replace("-", " ").replace("_", " ").capitalize()


def choices_of(schema: Mapping[str, Any]) -> list[Any]:
    """Values that a parameter may have; empty if they are not listed."""
    return schema.get("enum") or ([schema["const"]] if "const" in schema else [])


def property_of(name: str, schema: Mapping[str, Any], **more: Any) -> Any:
    """Blender property for a parameter's JSON Schema, of the types that `check_tool` accepts.

    more: options beyond the schema, such as `update` and, for text, `search`.
    """
    if "for_each" in schema:  # the number of one image
        schema = {**schema, **schema["items"], "default": schema["default_of_each"]}
    about = {"name": label_of(name, schema), "description": schema.get("description", ""), **more}
    default = schema["default"]
    if choices := choices_of(schema):
        items = [(str(choice), label_of_choice(choice), "") for choice in choices]
        return EnumProperty(**about, items=items, default=str(default))
    kind = schema["type"]
    if kind == "boolean":
        return BoolProperty(**about, default=default)
    if kind == "integer":
        subtype = "PIXEL" if name.endswith("_px") else "NONE"
        return IntProperty(**about, default=default, subtype=subtype, **_limits(schema, 1))
    if kind == "number":
        return FloatProperty(**about, **_number(name, schema))
    if kind == "string":
        return StringProperty(**about, default=default)
    return FloatVectorProperty(**about, default=default, size=len(schema["prefixItems"]), **_vector(schema))


def is_angle(schema: Mapping[str, Any]) -> bool:
    """Whether a parameter is an angle: degrees in a recipe, radians in Blender."""
    return schema.get("format") in ("angle", AZIMUTH)


def is_length(name: str, schema: Mapping[str, Any]) -> bool:
    """Whether a parameter is a length in the world: metres in a recipe, Blender's units in Blender."""
    return schema.get("type") == "number" and name.endswith("_m")


def component_labels(schema: Mapping[str, Any]) -> list[str]:
    """Labels of a vector's components; empty if they have none."""
    labels = [item.get("title", "") for item in schema.get("prefixItems", ())]
    return labels if any(labels) else []


def _number(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a float's property."""
    limits = _limits(schema, 0)
    if is_angle(schema):
        radians = {key: math.radians(value) for key, value in {**limits, "default": schema["default"]}.items()}
        usual = {"soft_min": 0.0} if schema["format"] == AZIMUTH else {}  # below: unknown
        return {**radians, **usual, "subtype": "ANGLE"}
    is_share = limits.get("min", -1) >= 0 and limits.get("max", 2) <= 1
    subtype = "DISTANCE" if is_length(name, schema) else "FACTOR" if is_share else "NONE"
    return {**limits, "default": schema["default"], "precision": schema.get("decimals", 3), "subtype": subtype}


def _vector(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a vector's property. It has limits if all components share them."""
    if schema.get("format") == "color":
        return {"min": 0.0, "max": 1.0, "subtype": "COLOR_GAMMA"}
    usual = {"soft_min": 0.0, "soft_max": 1.0, "precision": 4, "step": 0.1} if schema.get("format") == POINT else {}
    first, *others = [_limits(item, 0) for item in schema["prefixItems"]]
    return {"precision": 3, **(first if all(limits == first for limits in others) else {}), **usual}


def _limits(schema: Mapping[str, Any], step: int) -> dict[str, Any]:
    """Blender's limits for the schema's; an exclusive limit of an integer is one `step` further in."""
    soft = {"soft_min": "soft_minimum", "soft_max": "soft_maximum"}
    limits = {limit: schema[name] for limit, name in soft.items() if name in schema}
    for limit, inclusive, exclusive, inward in (
        ("min", "minimum", "exclusiveMinimum", step),
        ("max", "maximum", "exclusiveMaximum", -step),
    ):
        if inclusive in schema:
            limits[limit] = schema[inclusive]
        elif exclusive in schema:
            limits[limit] = schema[exclusive] + inward
    return limits


CLASS, SLIDERS = "class", "sliders"
"""Formats of parameters that belong to the chosen model: one of its classes, or its sliders."""


def identifier(name: str) -> str:
    """Property name of a tool or parameter; names that Blender reserves get an underscore."""
    plain = name.replace("-", "_")
    return f"{plain}_" if hasattr(bpy.types.PropertyGroup, plain) else plain


def group_of(owner: bpy.types.Scene | bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> bpy.types.PropertyGroup:
    """The property group of a tool in a scene, or in a layer of a material."""
    return getattr(owner.impasto_parameters, identifier(tool["name"]))


def material_of(group: bpy.types.PropertyGroup) -> str:
    """Name of the material that a group is stored in; empty for a scene's group."""
    owner = group.id_data
    return owner.name if isinstance(owner, bpy.types.Material) else ""


def owner_called(context: bpy.types.Context, material: str) -> bpy.types.ID:
    """The material of this name, or the scene."""
    return bpy.data.materials[material] if material else context.scene


def unit_m(owner: bpy.types.ID | bpy.types.PropertyGroup) -> float:
    """Metres in one Blender unit, by the Unit Scale of a scene, or else of the current one, which Blender shows."""
    settings = (owner if isinstance(owner, bpy.types.Scene) else bpy.context.scene).unit_settings
    return 1.0 if settings.system == "NONE" else settings.scale_length


def drawn_parameters(tool: Mapping[str, Any]) -> list[str]:
    """Parameters that a panel lists. The size and the numbers of each image of an input are drawn elsewhere."""
    parameters = properties_of(tool).items()
    return [name for name, schema in parameters if name not in SIZE_PARAMETERS and "for_each" not in schema]


def is_of_model(group: bpy.types.PropertyGroup, tool: Mapping[str, Any], name: str) -> bool:
    """Whether the chosen model has this parameter, if it is a slider or a choice of material."""
    kind = properties_of(tool)[name].get("format")
    if kind not in (CLASS, SLIDERS):
        return True
    model = chosen_model(group, tool)
    return model is not None and bool(model["classes" if kind == CLASS else "sliders"])


def model_parameter(tool: Mapping[str, Any]) -> str | None:
    """Parameter that names the model which the tool runs; None if it runs none."""
    return schemas.model_parameter(properties_of(tool))


def chosen_model(group: bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Catalogue entry of the model that the tool would run now, if any."""
    name = model_parameter(tool)
    return catalogue.model(tool["name"], getattr(group, identifier(name))) if name else None


def is_model(schema: Mapping[str, Any]) -> bool:
    """Whether a parameter names a model."""
    return schema.get("format") == "model"


def belongs_to_model(schema: Mapping[str, Any]) -> bool:
    """Whether each model has its own value of this parameter."""
    return schema.get("format") in (CLASS, SLIDERS)


def suggestions(names: Callable[[], Iterable[str]]) -> dict[str, Any]:
    """Options of a text property that suggests those of these names that contain what is typed."""

    def search(_owner: Any, _context: bpy.types.Context, typed: str) -> list[str]:
        return [name for name in names() if typed.lower() in name.lower()]

    return {"search": search, "search_options": {"SUGGESTION"}}
