# SPDX-License-Identifier: GPL-3.0-or-later
"""The buttons that add to, and remove from, an input that takes many images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import IntProperty, StringProperty

from ..engine.catalogue import catalogue
from . import inputs, properties
from .groups import material_of, owner_called


class OfInput:
    """Mixin: an operator on an input that takes many."""

    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012  as Blender wants it

    tool: StringProperty(name="Tool", description="Name of the tool")
    input: StringProperty(name="Input", description="Name of its input")
    material: StringProperty(options={"HIDDEN"})  # the one that has the tool's layer, whose parameters are at the path
    path: StringProperty(options={"HIDDEN"})

    def group(self, context: bpy.types.Context) -> bpy.types.PropertyGroup:
        """The parameters of the tool, in the scene or in the material."""
        if self.material:
            return owner_called(context, self.material).path_resolve(self.path)
        return properties.group_of(context.scene, catalogue[self.tool])


def set_input(
    button: bpy.types.OperatorProperties, tool: Mapping[str, Any], name: str, group: bpy.types.PropertyGroup
) -> None:
    """Set a button to the input of a tool's group."""
    button.tool, button.input = tool["name"], name
    button.material, button.path = material_of(group), group.path_from_id()


class IMPASTO_OT_add_image(OfInput, bpy.types.Operator):
    """Use one more image"""

    bl_label = "Add Image"

    def execute(self, context: bpy.types.Context) -> set[str]:
        group = self.group(context)
        if inputs.is_full(group, self.input):
            return {"CANCELLED"}
        inputs.add(group, self.input)
        return {"FINISHED"}


class IMPASTO_OT_remove_image(OfInput, bpy.types.Operator):
    """Leave this image out"""

    bl_label = "Remove Image"

    index: IntProperty(name="Index", description="Position in the list, from 0", min=0)

    def execute(self, context: bpy.types.Context) -> set[str]:
        group = self.group(context)
        getattr(group, inputs.more_of(self.input)).remove(self.index)
        properties.preview_update(properties.kind_of_preview(catalogue[self.tool]))(group, context)
        return {"FINISHED"}
