# SPDX-License-Identifier: GPL-3.0-or-later
"""Buttons of parameters: a number that may be left open, such as an unknown width, and an input's list of images."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import bpy
from bpy.props import FloatProperty, IntProperty, StringProperty

from ..engine.catalogue import catalogue
from . import inputs, properties
from .groups import AZIMUTH, identifier, is_length, material_of, owner_called, unit_m

LABEL = 0.4
"""Share of a panel's width that Blender gives to labels."""


class Open(NamedTuple):
    """A number that may be left open.

    value: the property's value while it is open. start: its first value when it is set. text: shown while it is open.
    is_length: start is in metres, the property in Blender's units.
    """

    value: float
    start: float
    text: str
    is_length: bool = False


AZIMUTH_OF_LIGHT = Open(math.radians(-1), math.radians(135), "Unknown")
"""A light's azimuth starts at the upper left, where people tend to assume the light."""
WIDTH = Open(0.0, 1.0, "Unknown", is_length=True)
"""Width of a picture in the world."""


def open_number(name: str, schema: Mapping[str, Any]) -> Open | None:
    """A tool's parameter as a number that may be left open; None if it cannot."""
    if schema.get("format") == AZIMUTH:
        return AZIMUTH_OF_LIGHT
    if "zero" in schema:
        text = schema["zero"]
        return Open(0.0, schema["start"], text[:1].upper() + text[1:], is_length(name, schema))
    return None


def is_open(group: bpy.types.PropertyGroup, name: str, number: Open) -> bool:
    """Whether a number is left open in a group."""
    value = getattr(group, identifier(name))
    return value < 0 or value == number.value


class IMPASTO_OT_set_number(bpy.types.Operator):
    """Give a number of your own here. The cross next to it leaves it open again"""

    bl_label = "Set Number"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012  as Blender wants it

    path: StringProperty(name="Path", description="Data path of the property, from the scene")
    material: StringProperty(options={"HIDDEN"})  # whose property it is, instead of the scene's
    value: FloatProperty(name="Value", description="Its new value, in the property's own unit")

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner, _, name = self.path.rpartition(".")
        group = owner_called(context, self.material).path_resolve(owner)
        is_whole = group.bl_rna.properties[name].type == "INT"
        setattr(group, name, round(self.value) if is_whole else self.value)
        return {"FINISHED"}


def labelled_row(layout: bpy.types.UILayout, label: str, factor: float = LABEL) -> bpy.types.UILayout:
    """A row for several buttons, with a label where Blender draws labels of properties."""
    split = layout.split(factor=factor)
    left = split.row()
    left.alignment = "RIGHT"
    left.label(text=label)
    row = split.row(align=True)
    row.use_property_split = False
    return row


def draw_open_number(
    layout: bpy.types.UILayout, group: bpy.types.PropertyGroup, name: str, number: Open, label: str
) -> None:
    """Draw a number with a cross to leave it open; an open one as a button to set it."""
    row, name = labelled_row(layout, label), identifier(name)
    if is_open(group, name, number):
        button = row.operator("impasto.set_number", text=number.text)
        button.value = number.start / unit_m(group.id_data) if number.is_length else number.start
    else:
        row.prop(group, name, text="")
        button = row.operator("impasto.set_number", text="", icon="X")
        button.value = number.value
    button.path = f"{group.path_from_id()}.{name}"
    button.material = material_of(group)


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
    """Set the properties of a button to an input in a tool's group."""
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
