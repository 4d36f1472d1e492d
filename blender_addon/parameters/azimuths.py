# SPDX-License-Identifier: GPL-3.0-or-later
"""Azimuths of lights among a tool's parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import bpy

from ..engine.catalogue import properties_of
from .groups import group_of, identifier
from .open_numbers import AZIMUTH_OF_LIGHT, is_open
from .schemas import AZIMUTH


def azimuths_of(tool: Mapping[str, Any]) -> list[str]:
    """Parameters of a tool that are azimuths of lights."""
    return [name for name, schema in properties_of(tool).items() if schema.get("format") == AZIMUTH]


def is_known(group: bpy.types.PropertyGroup, name: str) -> bool:
    """Whether an azimuth is known in a tool's group."""
    return not is_open(group, name, AZIMUTH_OF_LIGHT)


def known_azimuths(scene: bpy.types.Scene, tool: Mapping[str, Any]) -> dict[str, float]:
    """Azimuths in degrees of a scene's tool, those that are known."""
    group = group_of(scene, tool)
    return {
        name: round(math.degrees(getattr(group, identifier(name))), 3)
        for name in azimuths_of(tool)
        if is_known(group, name)
    }
