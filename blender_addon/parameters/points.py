# SPDX-License-Identifier: GPL-3.0-or-later
"""Points of tools: positions in a picture, and the only place that turns their y, from the top, into Blender's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import bpy

from ..engine.catalogue import properties_of
from .groups import identifier
from .properties import is_visible
from .schemas import POINT

Place: TypeAlias = tuple[float, float]
"""Position in an image as Blender's views count: fractions from the left and from the bottom."""


def points_of(tool: Mapping[str, Any]) -> list[str]:
    """Parameters of a tool that are points."""
    return [name for name, schema in properties_of(tool).items() if schema.get("format") == POINT]


def visible_points(group: bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> list[str]:
    """Points of a tool that have an effect, given its other parameters."""
    return [name for name in points_of(tool) if is_visible(group, tool, name)]


def place_of(group: bpy.types.PropertyGroup, name: str) -> Place:
    """Place of a point in the view."""
    x, y = getattr(group, identifier(name))
    return x, 1 - y


def put(group: bpy.types.PropertyGroup, name: str, place: Place) -> None:
    """Move a point to a place in the view, within the parameter's limits."""
    setattr(group, identifier(name), (place[0], 1 - place[1]))


def usual_place(tool: Mapping[str, Any], name: str) -> Place:
    """Place of a point that was not moved yet."""
    x, y = properties_of(tool)[name]["default"]
    return x, 1 - y
