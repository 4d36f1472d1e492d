# SPDX-License-Identifier: GPL-3.0-or-later
"""Azimuths of lights that may be unknown: a switch beside each angle, which stores nothing of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import BoolProperty

from ..engine.catalogue import properties_of
from .groups import group_of, identifier
from .schemas import AZIMUTH, label_of

UNKNOWN, GUESS = math.radians(-1), math.radians(135)
"""Values of the property when the switch is turned off, and on: light from the upper left, as people tend to see it."""


def switch_of(name: str) -> str:
    """Property that says whether an azimuth is known."""
    return f"knows_{identifier(name)}"


def azimuths_of(tool: Mapping[str, Any]) -> list[str]:
    """Parameters of a tool that are azimuths of lights."""
    return [name for name, schema in properties_of(tool).items() if schema.get("format") == AZIMUTH]


def switches(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Switches of a tool's azimuths, by the names of the properties."""
    return {switch_of(name): _switch(name, properties_of(tool)[name]) for name in azimuths_of(tool)}


def known_azimuths(scene: bpy.types.Scene, tool: Mapping[str, Any]) -> dict[str, float]:
    """Azimuths in degrees of a scene's tool, those that are known."""
    group = group_of(scene, tool)
    return {
        name: round(math.degrees(getattr(group, identifier(name))), 3)
        for name in azimuths_of(tool)
        if is_known(group, name)
    }


def is_known(group: bpy.types.PropertyGroup, name: str) -> bool:
    """Whether an azimuth is known in a tool's group."""
    return getattr(group, identifier(name)) >= 0


def _switch(name: str, schema: Mapping[str, Any]) -> Any:
    def know(group: bpy.types.PropertyGroup, known: bool) -> None:
        if known != is_known(group, name):
            setattr(group, identifier(name), GUESS if known else UNKNOWN)

    return BoolProperty(
        name=label_of(name, schema),
        description="Say where the light comes from, here or by the dial in the image editor. While that is unknown, "
        "the tool does without it",
        get=lambda group: is_known(group, name),
        set=know,
    )
