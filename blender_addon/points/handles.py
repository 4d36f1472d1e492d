# SPDX-License-Identifier: GPL-3.0-or-later
"""Handles of points in a region: where they are drawn and grabbed, in pixels."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ..bridge import materials
from ..engine.catalogue import properties_of
from ..parameters.points import place_of, put, usual_place
from ..parameters.properties import value_of
from ..parameters.schemas import label_of
from . import geometry
from .geometry import Bounds, Place
from .placed import Placed, placed

EDGE, REACH = 16.0, 18.0
"""Distance from the region's edges to handles that lie beyond, and radius of the place to press around each, at a
resolution scale of 1."""


@dataclass(frozen=True)
class Handles:
    """Handles of points. places: their true places in the region. shown: the same within what is seen of it.

    lines: indices of the handles that lines join, in this order. text: on the line between two. right: where the part
    of the region ends that is seen.
    """

    placed: Placed
    labels: tuple[str, ...]
    places: tuple[Place, ...]
    shown: tuple[Place, ...]
    lines: tuple[int, ...]
    right: float
    text: str

    def at(self, place: Place, scale: float) -> int:
        """Index of the handle at a place; -1 if there is none."""
        return geometry.nearest(self.shown, place, REACH * scale)

    @property
    def is_crossed(self) -> bool:
        """Whether its four corners can be those of no rectangle."""
        return len(self.lines) == 4 and not geometry.is_convex([self.places[index] for index in self.lines])


def handles_of(context: bpy.types.Context) -> Handles | None:
    """Handles of the points that can be dragged in the context's region; None if there are none."""
    found = placed(context)
    if found is None:
        return None
    to_region = context.region.view2d.view_to_region
    places = tuple(to_region(*place_of(found.group, name), clip=False) for name in found.names)
    bounds = visible_part(context.area, context.region, EDGE * context.preferences.system.ui_scale)
    schemas = properties_of(found.tool)
    lines = geometry.outline([usual_place(found.tool, name) for name in found.names])
    return Handles(
        found,
        tuple(bpy.app.translations.pgettext_iface(label_of(name, schemas[name])) for name in found.names),
        places,
        tuple(geometry.within(place, bounds) for place in places),
        tuple(lines),
        bounds[2],
        _length_text(found) if len(lines) == 2 else "",
    )


def move(context: bpy.types.Context, index: int, place: Place) -> None:
    """Move a point to a place in the context's region."""
    if found := placed(context):
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


def _length_text(found: Placed) -> str:
    """The known length between two points, if the tool has one."""
    schemas = properties_of(found.tool)
    name = next((name for name, schema in schemas.items() if name.endswith("_m") and schema["type"] == "number"), None)
    return materials.length_text(value_of(found.group, found.tool, name)) if name else ""
