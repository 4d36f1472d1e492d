# SPDX-License-Identifier: GPL-3.0-or-later
"""Handles of points in an image editor: which points it shows, and where they are drawn and grabbed, in pixels.

Points of the Impasto panel's tool, and of the active layer if it is the lowest, can be dragged on their source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import bpy

from ..bridge import materials
from ..bridge.image_editors import shown_image
from ..bridge.inputs import is_picture
from ..bridge.target import active_material
from ..engine.catalogue import catalogue, properties_of
from ..layers.request import lowest_if_active
from ..parameters.groups import group_of, label_of
from ..parameters.points import place_of, put, usual_place, visible_points
from ..parameters.properties import value_of
from ..tools.sources import chosen_source

Position: TypeAlias = tuple[float, float]
Bounds: TypeAlias = tuple[float, float, float, float]
"""Left, bottom, right and top."""
EDGE, REACH = 16.0, 18.0
"""Distance from the region's edges to handles that lie beyond, and radius of the place to press around each, at a
resolution scale of 1."""


@dataclass(frozen=True)
class DraggablePoints:
    """Points that can be dragged now: their tool, its parameters, and the names of the points."""

    tool: Mapping[str, Any]
    group: bpy.types.PropertyGroup
    names: tuple[str, ...]


def draggable_points(context: bpy.types.Context) -> DraggablePoints | None:
    """Points that can be dragged in the context's image editor; None if there are none."""
    image = shown_image(context)
    layer = _layer_on(context, image) if image else None
    name = layer.tool if layer else _tool_on(context.scene, image) if image else ""
    if name not in catalogue:
        return None
    tool = catalogue[name]
    group = group_of(layer or context.scene, tool)
    names = tuple(visible_points(group, tool))
    return DraggablePoints(tool, group, names) if names else None


def _layer_on(context: bpy.types.Context, image: bpy.types.Image) -> bpy.types.PropertyGroup | None:
    """The active layer, if it has handles on the image: it works on that alone."""
    material = active_material(context)
    if material is None or not is_picture(chosen_source(material.impasto_layers), image):
        return None
    return lowest_if_active(material.impasto_layers)


def _tool_on(scene: bpy.types.Scene, image: bpy.types.Image) -> str:
    """Name of the tool whose handles the image has; empty if it has none."""
    return scene.impasto.tool if is_picture(chosen_source(scene.impasto), image) else ""


@dataclass(frozen=True)
class Handles:
    """Handles of points. places: their true places in the region. visible: the same within what is seen of it.

    lines: indices of the handles that lines join, in this order. text: on the line between two. right: where the part
    of the region ends that is seen.
    """

    points: DraggablePoints
    labels: tuple[str, ...]
    places: tuple[Position, ...]
    visible: tuple[Position, ...]
    lines: tuple[int, ...]
    right: float
    text: str

    def at(self, place: Position, scale: float) -> int:
        """Index of the handle at a place; -1 if there is none."""
        return nearest(self.visible, place, REACH * scale)

    @property
    def is_crossed(self) -> bool:
        """Whether its four corners can be those of no rectangle."""
        return len(self.lines) == 4 and not is_convex([self.places[index] for index in self.lines])


def handles_of(context: bpy.types.Context) -> Handles | None:
    """Handles of the points that can be dragged in the context's region; None if there are none."""
    found = draggable_points(context)
    if found is None:
        return None
    to_region = context.region.view2d.view_to_region
    places = tuple(to_region(*place_of(found.group, name), clip=False) for name in found.names)
    bounds = visible_part(context.area, context.region, EDGE * context.preferences.system.ui_scale)
    schemas = properties_of(found.tool)
    lines = outline([usual_place(found.tool, name) for name in found.names])
    return Handles(
        found,
        tuple(bpy.app.translations.pgettext_iface(label_of(name, schemas[name])) for name in found.names),
        places,
        tuple(within(place, bounds) for place in places),
        tuple(lines),
        bounds[2],
        _length_text(found) if len(lines) == 2 else "",
    )


def move(context: bpy.types.Context, index: int, place: Position) -> None:
    """Move a point to a place in the context's region."""
    if found := draggable_points(context):
        put(found.group, found.names[index], context.region.view2d.region_to_view(*place))


def visible_part(area: bpy.types.Area, region: bpy.types.Region, margin: float) -> Bounds:
    """Part of a region that no header and no side panel covers, without a margin."""
    seen = {"LEFT": region.x, "BOTTOM": region.y, "RIGHT": region.x + region.width, "TOP": region.y + region.height}
    for other in area.regions:
        if other.alignment not in seen or other.width <= 1 or other.height <= 1:
            continue
        if other.alignment in ("LEFT", "BOTTOM"):
            end = other.x + other.width if other.alignment == "LEFT" else other.y + other.height
            seen[other.alignment] = max(seen[other.alignment], end)
        else:
            seen[other.alignment] = min(seen[other.alignment], other.x if other.alignment == "RIGHT" else other.y)
    left, bottom = seen["LEFT"] - region.x + margin, seen["BOTTOM"] - region.y + margin
    return left, bottom, seen["RIGHT"] - region.x - margin, seen["TOP"] - region.y - margin


def _length_text(found: DraggablePoints) -> str:
    """The known length between two points, if the tool has one."""
    schemas = properties_of(found.tool)
    name = next((name for name, schema in schemas.items() if name.endswith("_m") and schema["type"] == "number"), None)
    return materials.length_text(value_of(found.group, found.tool, name)) if name else ""


def outline(usual: Sequence[Position]) -> list[int]:
    """Order in which lines join points: two in a line, four around a quadrilateral; empty for other numbers.

    usual: places of the points before any was moved, so that the lines show it when corners were mixed up.
    """
    if len(usual) == 2:
        return [0, 1]
    if len(usual) != 4:
        return []
    middle = [sum(place[axis] for place in usual) / 4 for axis in (0, 1)]
    return sorted(range(4), key=lambda index: math.atan2(usual[index][1] - middle[1], usual[index][0] - middle[0]))


def is_convex(corners: Sequence[Position]) -> bool:
    """Whether a polygon turns the same way at each corner, as a rectangle does in any perspective."""
    triples = zip(corners, [*corners[1:], corners[0]], [*corners[2:], *corners[:2]], strict=True)
    turns = [(b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]) for a, b, c in triples]
    return all(turn > 0 for turn in turns) or all(turn < 0 for turn in turns)


def nearest(handles: Sequence[Position], place: Position, reach: float) -> int:
    """Index of the handle that is nearest to a place; -1 if none is within reach."""
    distances = [math.dist(handle, place) for handle in handles]
    best = min(range(len(handles)), key=distances.__getitem__, default=-1)
    return best if best >= 0 and distances[best] <= reach else -1


def within(place: Position, bounds: Bounds) -> Position:
    """The place, or the nearest one within bounds."""
    left, bottom, right, top = bounds
    return min(max(place[0], left), max(left, right)), min(max(place[1], bottom), max(bottom, top))
