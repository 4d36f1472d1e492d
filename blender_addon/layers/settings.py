# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers of each material: a recipe's source, seed and steps, the first of which is the lowest layer.

Each layer holds its tool's parameters in a group of all tools' groups, which are made anew when the tools change.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..bridge.replaced import textures_of
from ..parameters import properties
from ..parameters.properties import LAYERS, preview_update
from ..tools.sources import A_FILE, AN_IMAGE, MATERIAL, NONE, RecipeStack
from .masks import MASK
from .order import fold

CHANGED = preview_update(LAYERS)


def _choose_source(stack: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Keep a copy of the material's current textures if they become the source, since the layers replace them."""
    if stack.source_kind == MATERIAL and stack.material is None:
        stack.material = textures_of(stack.id_data)
    CHANGED(stack, context)


LAYER: dict[str, Any] = {
    "tool": StringProperty(name="Tool", description="Name of the layer's tool"),
    "name": StringProperty(name="Name", description="Name of the layer"),
    "enabled": BoolProperty(name="Enabled", description="Run this layer", default=True, update=CHANGED),
    "seconds": FloatProperty(name="Seconds", description="Time that the layer took to compute", min=0.0),
    "in_group": BoolProperty(name="In Group", description="Whether it is in the group above it", update=CHANGED),
    "is_open": BoolProperty(name="Open", description="List the layers of the group", default=True, update=fold),
    "place": IntProperty(name="Place", description="Where it was before layers were moved", default=-1, min=-1),
}
STACK: dict[str, Any] = {
    "active": IntProperty(name="Layer", description="The layer whose parameters are shown", min=0),
    "source_kind": EnumProperty(
        name="Source",
        description="The picture below all layers",
        items=(
            (NONE, "None", "No source: the lowest layer makes a texture from nothing"),
            A_FILE,
            AN_IMAGE,
            (MATERIAL, "Material", "The textures of the active object's material"),
        ),
        update=_choose_source,
    ),
    "material": PointerProperty(
        name="Material",
        description="The material whose textures are below all layers: a copy of this one as it was",
        type=bpy.types.Material,
        update=CHANGED,
    ),
    "across_seams": BoolProperty(
        name="Across Seams",
        description="Work on the meshes that have the material, across the seams of their UVs",
        update=CHANGED,
    ),
}
_classes: list[type] = []


def _register(root: type) -> None:
    _add("IMPASTO_PG_layer_mask", MASK)
    mask = PointerProperty(type=_classes[-1])
    layer = {**LAYER, "impasto_parameters": PointerProperty(type=root), "mask": mask}
    _add("IMPASTO_PG_layer", layer)
    stack = {**STACK, "layers": CollectionProperty(type=_classes[-1])}
    _add("IMPASTO_PG_layers", stack, RecipeStack)
    bpy.types.Material.impasto_layers = PointerProperty(type=_classes[-1])


def _add(name: str, annotations: dict[str, Any], *mixins: type) -> None:
    cls = type(name, (*mixins, bpy.types.PropertyGroup), {"__annotations__": annotations})
    bpy.utils.register_class(cls)
    _classes.append(cls)


def _unregister() -> None:
    if hasattr(bpy.types.Material, "impasto_layers"):
        del bpy.types.Material.impasto_layers
    for cls in reversed(_classes):
        bpy.utils.unregister_class(cls)
    _classes.clear()


def register() -> None:
    """Have the classes made with the tools' own, which are registered later."""
    properties.follow(_register, _unregister)
