# SPDX-License-Identifier: GPL-3.0-or-later
"""Property group of a tool in a scene, and the properties that depend on the chosen model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

from ..core import schemas
from ..engine.catalogue import SIZE_PARAMETERS, catalogue, properties_of

CLASS, SLIDERS = "class", "sliders"
"""Formats of parameters that belong to the chosen model: one of its classes, and the values of its sliders."""


def identifier(name: str) -> str:
    """Property name of a tool or parameter; names that Blender reserves get an underscore."""
    plain = name.replace("-", "_")
    return f"{plain}_" if hasattr(bpy.types.PropertyGroup, plain) else plain


def group_of(owner: bpy.types.Scene | bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> bpy.types.PropertyGroup:
    """The property group of a tool in a scene, or in a layer of a material."""
    return getattr(owner.impasto_parameters, identifier(tool["name"]))


def material_of(group: bpy.types.PropertyGroup) -> str:
    """Name of the material that a group is in; empty for one in a scene."""
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
    """Parameters that a panel lists; the size, and what belongs to each image of an input, are drawn elsewhere."""
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
    """Catalogue entry of the model that the tool would run now."""
    name = model_parameter(tool)
    return catalogue.model(tool["name"], getattr(group, identifier(name))) if name else None


def is_model(schema: Mapping[str, Any]) -> bool:
    """Whether a parameter names a model."""
    return schema.get("format") == "model"


def belongs_to_model(schema: Mapping[str, Any]) -> bool:
    """Whether each model has its own value of a parameter."""
    return schema.get("format") in (CLASS, SLIDERS)
