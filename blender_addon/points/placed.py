# SPDX-License-Identifier: GPL-3.0-or-later
"""The points that an image editor shows as handles.

A tool's points are placed on one image until the user has done; those of the Impasto panel's tool can always be
dragged, on its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy

from ..bridge.image_editors import shown_image
from ..engine.catalogue import catalogue
from ..generate.request import is_prepared, is_source
from ..parameters.groups import group_of
from ..parameters.points import visible_points
from ..tools.placing import placing


@dataclass(frozen=True)
class Placed:
    """Points that can be dragged now: their tool, its parameters, and the names of the points."""

    tool: Mapping[str, Any]
    group: bpy.types.PropertyGroup
    names: tuple[str, ...]


def placed(context: bpy.types.Context) -> Placed | None:
    """Points that can be dragged in the context's image editor; None if there are none."""
    image = shown_image(context)
    name = _tool_on(context.scene, image) if image else ""
    if name not in catalogue:
        return None
    tool = catalogue[name]
    group = group_of(context.scene, tool)
    names = tuple(visible_points(group, tool))
    return Placed(tool, group, names) if names else None


def _tool_on(scene: bpy.types.Scene, image: bpy.types.Image) -> str:
    """Name of the tool whose handles the image has; empty if it has none."""
    if placing.tool:
        return placing.tool if image.session_uid == placing.image else ""
    return scene.impasto.tool if is_source(scene.impasto, image) and not is_prepared(scene) else ""
