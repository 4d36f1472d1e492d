# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters that belong to a model: its sliders and the choice among its classes, in a property group for each model.

Each model has its own values. They are kept in the .blend by the names of the sliders.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from functools import partial
from typing import Any

import bpy
from bpy.props import FloatProperty, PointerProperty, StringProperty

from ..engine.catalogue import catalogue, properties_of
from .groups import CLASS, SLIDERS, chosen_model, identifier, label_of, model_parameter, suggestions

READABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")
"""Names that are used in properties as they are; others are replaced by a number."""


def _property(kind: str, name: str) -> str:
    return f"{kind}_{name if READABLE.fullmatch(name) else zlib.crc32(name.encode())}"


def pointer_to(model: str) -> str:
    """Property of a tool's group that holds a model's own parameters."""
    return _property("model", model)


def slider_to(name: str) -> str:
    """Property of a model's group that holds a slider."""
    return _property("slider", name)


def group_of_model(group: bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> bpy.types.PropertyGroup | None:
    """Group of the chosen model's own parameters; None without a model."""
    model = chosen_model(group, tool)
    return getattr(group, pointer_to(model["name"])) if model else None


def property_names(group: bpy.types.PropertyGroup, tool: Mapping[str, Any], name: str) -> list[str]:
    """Properties of the chosen model's group for a parameter: one for each slider, or one for a class, or none."""
    model, kind = chosen_model(group, tool), properties_of(tool)[name]["format"]
    if model is None:
        return []
    if kind == SLIDERS:
        return [slider_to(slider["name"]) for slider in model["sliders"]]
    return [identifier(name)] if model["classes"] else []


def slider_values(group: bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> dict[str, float]:
    """Value of each slider of the chosen model."""
    model, own = chosen_model(group, tool), group_of_model(group, tool)
    return {slider["name"]: getattr(own, slider_to(slider["name"])) for slider in model["sliders"]} if model else {}


def model_properties(tool: Mapping[str, Any], update: Any) -> tuple[dict[str, Any], list[type]]:
    """Pointers to the groups of all models that a tool runs, and their classes, which are registered before it."""
    if model_parameter(tool) is None:
        return {}, []
    pointers, classes = {}, []
    for model in catalogue.models_for(tool["name"]):
        pointer = pointer_to(model["name"])
        members = {"__annotations__": _properties_of(tool, model, update), "__doc__": model["label"]}
        name = f"IMPASTO_PG_{zlib.crc32(tool['name'].encode())}_{zlib.crc32(model['name'].encode())}"
        classes.append(type(name, (bpy.types.PropertyGroup,), members))
        pointers[pointer] = PointerProperty(type=classes[-1])
    return pointers, classes


def _properties_of(tool: Mapping[str, Any], model: Mapping[str, Any], update: Any) -> dict[str, Any]:
    found = {}
    for name, schema in properties_of(tool).items():
        if schema.get("format") == CLASS:
            about = {"name": label_of(name, schema), "description": schema["description"], "update": update}
            search = suggestions(partial(list, model["classes"]))
            found[identifier(name)] = StringProperty(**about, **search, default=schema["default"])
        elif schema.get("format") == SLIDERS:
            for slider in model["sliders"]:
                found[slider_to(slider["name"])] = FloatProperty(
                    name=slider["label"],
                    description=slider["description"] or schema["description"],
                    min=slider["low"],
                    max=slider["high"],
                    default=slider["default"],
                    precision=3,
                    update=update,
                )
    return found
