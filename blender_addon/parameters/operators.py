# SPDX-License-Identifier: GPL-3.0-or-later
"""The buttons that add to, and remove from, an input that takes many images."""

from __future__ import annotations

import bpy
from bpy.props import IntProperty, StringProperty

from ..engine.catalogue import catalogue
from . import inputs, properties


class OfInput:
    """Mixin: an operator on an input that takes many."""

    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012  as Blender wants it

    tool: StringProperty(name="Tool", description="Name of the tool")
    input: StringProperty(name="Input", description="Name of its input")

    def group(self, context: bpy.types.Context) -> bpy.types.PropertyGroup:
        """The scene's parameters of the tool."""
        return properties.group_of(context.scene, catalogue[self.tool])


class IMPASTO_OT_add_image(OfInput, bpy.types.Operator):
    """Use one more image"""

    bl_idname = "impasto.add_image"
    bl_label = "Add Image"

    def execute(self, context: bpy.types.Context) -> set[str]:
        group = self.group(context)
        if inputs.is_full(group, self.input):
            return {"CANCELLED"}
        inputs.add(group, self.input)
        return {"FINISHED"}


class IMPASTO_OT_remove_image(OfInput, bpy.types.Operator):
    """Leave this image out"""

    bl_idname = "impasto.remove_image"
    bl_label = "Remove Image"

    index: IntProperty(name="Index", description="Position in the list, from 0", min=0)

    def execute(self, context: bpy.types.Context) -> set[str]:
        getattr(self.group(context), inputs.more_of(self.input)).remove(self.index)
        properties.tell_changed(properties.kind_of_preview(catalogue[self.tool]))(None, context)
        return {"FINISHED"}


CLASSES = (IMPASTO_OT_add_image, IMPASTO_OT_remove_image)
