# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters that are places in a picture or directions of light; only here the y of a point is turned to Blender's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import bpy

from ..engine.catalogue import properties_of
from .groups import AZIMUTH, POINT, group_of, identifier
from .operators import AZIMUTH_OF_LIGHT, is_open
from .properties import is_visible

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
    """Default place of a point."""
    x, y = properties_of(tool)[name]["default"]
    return x, 1 - y


def azimuths_of(tool: Mapping[str, Any]) -> list[str]:
    """Parameters of a tool that are azimuths of lights."""
    return [name for name, schema in properties_of(tool).items() if schema.get("format") == AZIMUTH]


def is_known(group: bpy.types.PropertyGroup, name: str) -> bool:
    """Whether an azimuth is known in a tool's group."""
    return not is_open(group, name, AZIMUTH_OF_LIGHT)


def known_azimuths(scene: bpy.types.Scene, tool: Mapping[str, Any]) -> dict[str, float]:
    """Known azimuths of a tool in a scene, in degrees."""
    group = group_of(scene, tool)
    return {
        name: round(math.degrees(getattr(group, identifier(name))), 3)
        for name in azimuths_of(tool)
        if is_known(group, name)
    }
