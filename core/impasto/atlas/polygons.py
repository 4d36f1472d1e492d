"""Triangulation of polygons in space, which may be neither flat nor convex. NumPy only: Blender uses it too."""

from __future__ import annotations

import numpy as np

MOST_CUT_CORNERS = 200_000
"""Most corners of concave polygons that are cut one by one, in some seconds; further ones become fans."""
FLAT = 1e-9
"""Turn of a corner, relative to the squared area of the polygon, below which it may be due to rounding."""
MOST_CORNERS = 512
"""Most corners of a concave polygon that is cut."""


def triangles_of(counts: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Corner numbers (T, 3) of the triangles that fill polygons, in the order of the polygons.

    counts: (P,), numbers of corners. places: (C, 3), positions of all corners, one polygon after another. Convex
    polygons become fans; concave ones lose ear after ear (Meisters 1975). Those with fewer than 3 corners have none.
    """
    starts = np.cumsum(counts) - counts
    starts, counts = starts[counts >= 3], counts[counts >= 3]
    if not len(counts):
        return np.zeros((0, 3), np.int64)
    slots = np.cumsum(counts - 2) - (counts - 2)
    first = np.repeat(starts, counts - 2)
    second = first + np.arange(len(first)) - np.repeat(slots, counts - 2) + 1
    triangles = np.stack([first, second, second + 1], 1)
    larger = np.flatnonzero(counts > 3)
    if len(larger):
        for polygon in larger[_is_concave(starts[larger], counts[larger], places)]:
            start, slot, count = starts[polygon], slots[polygon], counts[polygon]
            triangles[slot : slot + count - 2] = start + _without_ears(places[start : start + count])
    return triangles


def _is_concave(starts: np.ndarray, counts: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Whether each polygon (P,) has a corner that points inwards, seen along its normal, and is small enough to cut."""
    ends = np.cumsum(counts)
    within = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
    start, count = np.repeat(starts, counts), np.repeat(counts, counts)
    here, after = places[start + within], places[start + (within + 1) % count]
    before = places[start + (within - 1) % count]
    origin = places[start]
    normals = np.add.reduceat(np.cross(here - origin, after - origin), ends - counts)
    turns = (np.cross(here - before, after - here) * np.repeat(normals, counts, axis=0)).sum(1)
    is_concave = np.minimum.reduceat(turns, ends - counts) < -FLAT * (normals**2).sum(1)
    is_concave &= counts <= MOST_CORNERS
    return is_concave & (np.cumsum(counts * is_concave) <= MOST_CUT_CORNERS)


def _without_ears(places: np.ndarray) -> np.ndarray:
    """Triangles (N - 2, 3) of one polygon (N, 3): ears, which contain no other corner, are cut off one by one."""
    around = places - places[0]
    normal = np.cross(around, np.roll(around, -1, 0)).sum(0)
    axis = int(np.abs(normal).argmax())
    flat = np.delete(around, axis, 1).astype(np.float64)
    if (normal[axis] < 0) != (axis == 1):  # so that it runs counter-clockwise
        flat[:, 0] *= -1
    left, found = list(range(len(places))), []
    while len(left) > 3:
        ears = (place for place in range(len(left)) if _is_ear(flat, left, place))
        place = next(ears, 1)
        found.append((left[place - 1], left[place], left[(place + 1) % len(left)]))
        del left[place]
    return np.array([*found, tuple(left)])


def _is_ear(flat: np.ndarray, left: list[int], place: int) -> bool:
    """Whether one of the remaining corners points outwards, and its triangle contains none of the others."""
    corners = left[place - 1], left[place], left[(place + 1) % len(left)]
    triangle = flat[list(corners)]
    edges = np.roll(triangle, -1, 0) - triangle
    if edges[0, 0] * edges[1, 1] - edges[0, 1] * edges[1, 0] <= 0:
        return False
    others = flat[[one for one in left if one not in corners]]
    away = others[:, None] - triangle
    return not (edges[:, 0] * away[..., 1] - edges[:, 1] * away[..., 0] >= 0).all(1).any()
