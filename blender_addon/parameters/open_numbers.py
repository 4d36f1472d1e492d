# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that may be left open, such as a width that is not known: a switch for each, which stores nothing itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import bpy
from bpy.props import BoolProperty

from ..engine.catalogue import properties_of
from .groups import identifier, unit_m
from .schemas import AZIMUTH, is_length, label_of


class Open(NamedTuple):
    """A number that may be left open.

    value: the property's while it is open. start: the one that it gets when it is given. text: what the panel shows for
    an open one. is_length: start is in metres, the property in Blender's units. tip: the switch's tooltip.
    """

    value: float
    start: float
    text: str
    is_length: bool = False
    tip: str = "Click to give a number. The cross beside a number leaves it open again"


AZIMUTH_OF_LIGHT = Open(
    math.radians(-1),
    math.radians(135),
    "Unknown",
    tip="Say where the light comes from, here or by the dial in the image editor. While that is unknown, the tool does "
    "without it",
)
"""It starts at the upper left, as people tend to see it."""
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


def switch_of(name: str) -> str:
    """Property that is on while a number is left open."""
    return f"leaves_{identifier(name)}"


def is_open(group: bpy.types.PropertyGroup, name: str, number: Open) -> bool:
    """Whether a number is left open in a group."""
    value = getattr(group, identifier(name))
    return value < 0 or value == number.value


def switches(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Switches of a tool's numbers that may be left open, by the names of the properties."""
    numbers = {name: (schema, open_number(name, schema)) for name, schema in properties_of(tool).items()}
    return {
        switch_of(name): switch(name, label_of(name, schema), number)
        for name, (schema, number) in numbers.items()
        if number
    }


def switch(name: str, label: str, number: Open) -> Any:
    """Switch of one number, of a tool's group or of other settings in a scene."""

    def leave(group: bpy.types.PropertyGroup, left: bool) -> None:
        if left == is_open(group, name, number):
            return
        start = number.start / unit_m(group.id_data) if number.is_length else number.start
        value = number.value if left else start
        is_whole = group.bl_rna.properties[identifier(name)].type == "INT"
        setattr(group, identifier(name), int(value) if is_whole else value)

    return BoolProperty(
        name=label,
        description=number.tip,
        get=lambda group: is_open(group, name, number),
        set=leave,
    )


def draw_open_number(
    layout: bpy.types.UILayout, group: bpy.types.PropertyGroup, name: str, number: Open, label: str
) -> None:
    """Draw what an open number stands for, as a button to give it; else the number, and a cross to leave it open."""
    row = layout.row(heading=label, align=True)
    if is_open(group, name, number):
        row.prop(group, switch_of(name), text=number.text, toggle=True)
    else:
        row.prop(group, identifier(name), text="")
        row.prop(group, switch_of(name), text="", icon="X", toggle=True)
