"""Visibility of UV seams: steps and kinks across them, relative to those at the same distance inside islands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from ..texture import NORMAL_MAPS, Maps
from .charts import Charts, linear_map
from .erasure import SMOOTH, SeamPoints
from .raster import NONE
from .sampling import in_frame

STEP_PX = 1.5
"""Distance of the places that are compared, in texels of the charts' mean density."""
SPACING_PX = 1.0
LEAST_POINTS = 16
"""Points of a seam from which on its mean is one of many alike."""
DEPTHS = (0.5, 1.5, 2.5, 3.5)
"""Distances from the seam, in steps, of the places that are compared."""


@dataclass(frozen=True)
class SeamJumps:
    """Means over all seams of a map, relative to the same means inside: 1 for a texture without visible seams.

    color: difference of two places on both sides. gradient: difference of the slopes on both sides and across. z: how
    far the difference rises above those next to it, as a z-score of the same within islands; below 3 as for tiles.
    """

    color: float
    gradient: float
    z: float


def seam_jumps(maps: Maps, charts: Charts, where: np.ndarray | None = None) -> dict[str, SeamJumps]:
    """Jumps of maps across the UV seams of the mesh that has these charts on them. Empty if the mesh has no seams.

    where: mask (H, W) of texels, on both sides of seams, that are compared; by default all.
    """
    points = SeamPoints.of(charts, SPACING_PX)
    texels = charts.texels if where is None else np.where(where, charts.texels, NONE)
    values = {
        name: _along(texture.pixels, charts, texels, points, name in NORMAL_MAPS) for name, texture in maps.items()
    }
    return {name: _jumps(*found) for name, found in values.items() if len(found[0])}


def _along(
    pixels: np.ndarray, charts: Charts, texels: np.ndarray, points: SeamPoints, is_normal: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values (S, 4, C) at `DEPTHS` on both sides of points that have so much of their islands there, and their seams.

    texels (H, W): those that are compared. Seams (S,) are numbers of pairs of islands.
    """
    shown = charts.texels[charts.texels != NONE]
    step_m = STEP_PX * float(charts.texel_areas[charts.chart[shown]].mean()) ** 0.5
    sides, height, width = [], *charts.size_px
    is_inside = (points.bend <= SMOOTH) if is_normal else np.ones(len(points.places), bool)
    for side in (0, 1):
        chart = points.chart[:, side]
        inwards = linear_map(points.inwards[:, side], np.linalg.inv(charts.matrices)[chart]) * step_m
        places = points.places[:, side, None] + inwards[:, None] * np.array(DEPTHS)[:, None]  # (S, 4, 2)
        x, y = np.floor(places).astype(int).transpose(2, 0, 1)
        seen = texels[y % height, x % width]
        is_inside &= ((seen != NONE) & (charts.chart[seen] == chart[:, None])).all(1)
        where = (places - 0.5)[..., ::-1].transpose(2, 0, 1)
        values = [map_coordinates(channel, where, order=1, mode="grid-wrap") for channel in pixels.transpose(2, 0, 1)]
        sides.append(np.stack(values, -1))
    first, second = sides
    second = in_frame(second, points.turns[:, None]) if is_normal else second
    _, seam = np.unique(np.sort(points.chart[is_inside], 1), axis=0, return_inverse=True)
    return first[is_inside], second[is_inside], seam.reshape(-1)


def _jumps(first: np.ndarray, second: np.ndarray, seam: np.ndarray) -> SeamJumps:
    """The jumps between values (S, 4, C) on both sides of seams (S,), from the seam inwards."""
    inside = _mean(first[:, 1] - first[:, 2], second[:, 1] - second[:, 2])
    bends = (values[:, 1] - 2 * values[:, 2] + values[:, 3] for values in (first, second))
    across = (one[:, 1] - 2 * one[:, 0] + other[:, 0] for one, other in ((first, second), (second, first)))
    color = _mean(first[:, 0] - second[:, 0]) / max(inside, 1e-6)
    return SeamJumps(color, _mean(*across) / max(_mean(*bends), 1e-6), _z(first, second, seam))


def _z(first: np.ndarray, second: np.ndarray, seam: np.ndarray) -> float:
    """Mean spike at seams (S,), as a z-score of spikes within islands; 0 where too few seams are long enough.

    A spike is the mean difference of neighbours, less that of the neighbours on both sides, of a whole seam.
    """
    line = np.concatenate([first[:, ::-1], second], 1)  # across the seam, (S, 8, C)
    steps = np.linalg.norm(np.diff(line, axis=1), axis=2)
    count = np.bincount(seam)
    means = np.stack([np.bincount(seam, step) / count for step in steps.T], 1)[count >= LEAST_POINTS]  # (seams, 7)
    spikes = means[:, 1:-1] - (means[:, :-2] + means[:, 2:]) / 2
    inside = spikes[:, [0, 4]]  # those that do not touch the step across the seam
    if len(spikes) < 2:
        return 0.0
    return float((spikes[:, 2].mean() - inside.mean()) / max(float(inside.std()), 1e-6))


def _mean(*differences: np.ndarray) -> float:
    """Mean length of differences (S, C)."""
    return float(np.mean([np.linalg.norm(one, axis=1) for one in differences]))
