"""Visibility of UV seams: steps and kinks across them, relative to those at the same distance inside islands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from ..texture import NORMAL_MAPS, Maps
from .charts import Charts, transformed
from .erasure import SMOOTH, SeamPoints
from .raster import NONE
from .sampling import turned

STEP_PX = 1.5
"""Distance of the places that are compared, in texels of the charts' mean density."""
SPACING_PX = 1.0
DEPTHS = (0.5, 1.5, 2.5, 3.5)
"""Distances from the seam, in steps, of the places that are compared."""


@dataclass(frozen=True)
class SeamJumps:
    """Means over all seams of a map, relative to the same means inside: 1 for a texture without visible seams.

    color: difference of two places on both sides. gradient: difference of the slopes on both sides and across.
    """

    color: float
    gradient: float


def seam_jumps(maps: Maps, charts: Charts) -> dict[str, SeamJumps]:
    """Jumps of maps across the UV seams of the mesh that has these charts on them. Empty if the mesh has no seams."""
    points = SeamPoints.of(charts, SPACING_PX)
    values = {name: _along(texture.pixels, charts, points, name in NORMAL_MAPS) for name, texture in maps.items()}
    return {name: _jumps(*found) for name, found in values.items() if len(found[0])}


def _along(pixels: np.ndarray, charts: Charts, points: SeamPoints, is_normal: bool) -> tuple[np.ndarray, np.ndarray]:
    """Values (S, 4, C) at `DEPTHS` on both sides of the points that have so much of their islands on both sides."""
    shown = charts.texels[charts.texels != NONE]
    step_m = STEP_PX * float(charts.texel_areas[charts.chart[shown]].mean()) ** 0.5
    sides, height, width = [], *charts.size_px
    is_inside = (points.bend <= SMOOTH) if is_normal else np.ones(len(points.places), bool)
    for side in (0, 1):
        chart = points.chart[:, side]
        inwards = transformed(points.inwards[:, side], np.linalg.inv(charts.matrices)[chart]) * step_m
        places = points.places[:, side, None] + inwards[:, None] * np.array(DEPTHS)[:, None]  # (S, 4, 2)
        x, y = np.floor(places).astype(int).transpose(2, 0, 1)
        seen = charts.texels[y % height, x % width]
        is_inside &= ((seen != NONE) & (charts.chart[seen] == chart[:, None])).all(1)
        where = (places - 0.5)[..., ::-1].transpose(2, 0, 1)
        values = [map_coordinates(channel, where, order=1, mode="grid-wrap") for channel in pixels.transpose(2, 0, 1)]
        sides.append(np.stack(values, -1))
    first, second = sides
    second = turned(second, points.turns[:, None]) if is_normal else second
    return first[is_inside], second[is_inside]


def _jumps(first: np.ndarray, second: np.ndarray) -> SeamJumps:
    """The jumps between values (S, 4, C) on both sides, from the seam inwards."""
    inside = _mean(first[:, 1] - first[:, 2], second[:, 1] - second[:, 2])
    bends = (values[:, 1] - 2 * values[:, 2] + values[:, 3] for values in (first, second))
    across = (one[:, 1] - 2 * one[:, 0] + other[:, 0] for one, other in ((first, second), (second, first)))
    return SeamJumps(_mean(first[:, 0] - second[:, 0]) / max(inside, 1e-6), _mean(*across) / max(_mean(*bends), 1e-6))


def _mean(*differences: np.ndarray) -> float:
    """Mean length of differences (S, C)."""
    return float(np.mean([np.linalg.norm(one, axis=1) for one in differences]))
