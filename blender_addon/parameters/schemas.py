# SPDX-License-Identifier: GPL-3.0-or-later
"""A parameter's JSON Schema as a Blender property."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bpy.props import BoolProperty, EnumProperty, FloatProperty, FloatVectorProperty, IntProperty, StringProperty

POINT = "point"
"""Format of a position in the source: fractions from its left and its top."""
AZIMUTH = "azimuth"
"""Format of the direction that light comes from, in degrees; below 0 if it is unknown."""


def label_of(name: str, schema: Mapping[str, Any]) -> str:
    """Label of a parameter: its title, or its name without the unit if pydantic made the title from the name."""
    made = name.replace("_", " ").title()
    title = schema.get("title", made)
    return made.removesuffix(" Px").removesuffix(" M") if title == made else title


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
    """Options of a vector's property; it has limits if they are the same for all components."""
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
