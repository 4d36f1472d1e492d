# SPDX-License-Identifier: GPL-3.0-or-later
"""Plane geometry of handles: the order of corners, whether they cross, the nearest handle, places within bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

Place: TypeAlias = tuple[float, float]
Bounds: TypeAlias = tuple[float, float, float, float]
"""Left, bottom, right and top."""


def outline(usual: Sequence[Place]) -> list[int]:
    """Order in which lines join points: two in a line, four around a quadrilateral; empty for other numbers.

    usual: places of the points before any was moved, so that the lines show it when corners were mixed up.
    """
    if len(usual) == 2:
        return [0, 1]
    if len(usual) != 4:
        return []
    middle = [sum(place[axis] for place in usual) / 4 for axis in (0, 1)]
    return sorted(range(4), key=lambda index: math.atan2(usual[index][1] - middle[1], usual[index][0] - middle[0]))


def is_convex(corners: Sequence[Place]) -> bool:
    """Whether a polygon turns the same way at each corner, as a rectangle does in any perspective."""
    triples = zip(corners, [*corners[1:], corners[0]], [*corners[2:], *corners[:2]], strict=True)
    turns = [(b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]) for a, b, c in triples]
    return all(turn > 0 for turn in turns) or all(turn < 0 for turn in turns)


def nearest(handles: Sequence[Place], place: Place, reach: float) -> int:
    """Index of the handle that is nearest to a place; -1 if none is within reach."""
    distances = [math.dist(handle, place) for handle in handles]
    best = min(range(len(handles)), key=distances.__getitem__, default=-1)
    return best if best >= 0 and distances[best] <= reach else -1


def within(place: Place, bounds: Bounds) -> Place:
    """The place, or the nearest one within bounds."""
    left, bottom, right, top = bounds
    return min(max(place[0], left), max(left, right)), min(max(place[1], bottom), max(bottom, top))
