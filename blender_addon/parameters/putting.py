# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of a recipe's step put into the scene's properties: the way back of `properties.values_of`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import bpy

from ..engine.catalogue import properties_of
from . import model_values, schemas
from .groups import SLIDERS, belongs_to_model, drawn_parameters, group_of, identifier, is_model, unit_m


def put_parameters(scene: bpy.types.Scene, tool: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
    """Give a tool's properties the values of a recipe's step, and its defaults to all others; the size stays."""
    group, known = group_of(scene, tool), properties_of(tool)
    for name in sorted(drawn_parameters(tool), key=lambda name: not is_model(known[name])):  # its sliders come later
        if belongs_to_model(known[name]):
            _put_of_model(group, tool, name, parameters.get(name))
        elif name in parameters:
            setattr(group, identifier(name), _as_property(scene, name, known[name], parameters[name]))
        else:
            group.property_unset(identifier(name))


def _put_of_model(group: bpy.types.PropertyGroup, tool: Mapping[str, Any], name: str, value: Any) -> None:
    """Give the chosen model's sliders, or its class, the values of a step."""
    own: Any = model_values.group_of_model(group, tool)
    names = model_values.property_names(group, tool, name)
    for each in names:
        own.property_unset(each)
    if properties_of(tool)[name]["format"] != SLIDERS:
        values = {identifier(name): value}
    else:
        values = {model_values.slider_to(slider): number for slider, number in (value or {}).items()}
    for each in names:
        if values.get(each) is not None:
            setattr(own, each, values[each])


def _as_property(scene: bpy.types.Scene, name: str, schema: Mapping[str, Any], value: Any) -> Any:
    """A recipe's value as the property takes it: angles in radians, lengths in Blender's units, choices as text."""
    if schemas.choices_of(schema):
        return str(value)
    if schemas.is_angle(schema):
        return math.radians(value)
    return value / unit_m(scene) if schemas.is_length(name, schema) else value
