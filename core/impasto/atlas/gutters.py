"""The table of seams: for each texel of the gutter around a chart, the position across the seam that it shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt

from .charts import Charts, linear_map
from .mesh import Mesh, unit_vectors
from .raster import NONE, Size, numbered

STEPS = 4
"""Most seams to cross from a gutter: beyond a narrow chart lies the next one."""
SPACING_PX = 0.5
"""Distance between points on borders, which are used to find the border nearest to a texel."""


@dataclass(frozen=True, eq=False)
class Gutters:
    """Gutters on a canvas (H, W). Arrays are float32, except for `mask`.

    mask: (H, W), whether a texel is in a gutter. source: (H, W, 2), x and y, in texels from the upper left, of another
    position on the canvas for the same point of the mesh. For a texel in a gutter, it lies across the seam, or at the
    mirror image if the mesh ends there; for a texel of a chart near a seam, in the gutter of the other chart. Elsewhere
    it is the texel itself. turn: (H, W, 2, 2), rotation or reflection of vectors from that position to this one. share:
    (H, W), weight of the other chart's gutter: one half at a seam, falling to 0 over its width.
    """

    mask: np.ndarray
    source: np.ndarray
    turn: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, charts: Charts, corners: np.ndarray, texels: np.ndarray, width_px: int) -> Gutters:
        """Gutters of this width around charts. corners: (T, 3, 2), and texels: (H, W), of the canvas."""
        crossings = _Crossings.of(charts, corners)
        nearest, distance = crossings.nearest(texels.shape)
        mask = (texels == NONE) & (distance <= width_px)
        source = centres(texels.shape).astype(np.float32)
        turn = np.broadcast_to(np.eye(2, dtype=np.float32), (*texels.shape, 2, 2)).copy()
        places, turns, is_found = crossings.places_across(
            source[mask].astype(np.float64), nearest[mask], nearest, mask, texels
        )
        own = distance_transform_edt(texels == NONE, return_distances=False, return_indices=True)[::-1, mask].T + 0.5
        source[mask] = np.where(is_found[:, None], places, own)
        turn[mask] = np.where(is_found[:, None, None], turns, np.eye(2))
        rim = (texels != NONE) & (distance < width_px) & crossings.has_twin[nearest]
        border = nearest[rim]
        source[rim] = linear_map(source[rim], crossings.matrices[border]) + crossings.offsets[border]
        turn[rim] = crossings.turns[border]
        x, y = np.floor(source).astype(int).transpose(2, 0, 1)
        y, x = y.clip(0, texels.shape[0] - 1), x.clip(0, texels.shape[1] - 1)
        rim &= mask[y, x] | (texels[y, x] != NONE)  # next to a seam, it may be on the other chart itself
        share = np.where(rim, 0.5 * (1 - distance / width_px), 0).astype(np.float32)
        return cls(mask, source, turn, share)


@dataclass(frozen=True, eq=False)
class _Crossings:
    """Borders of charts: their ends (B, 2, 2), and the map across each border, p -> matrix p + offset.

    turns: rotations of vectors back. has_twin: whether another border is on the other side; else it is a mirror.
    """

    ends: np.ndarray
    matrices: np.ndarray
    offsets: np.ndarray
    turns: np.ndarray
    has_twin: np.ndarray

    @classmethod
    def of(cls, charts: Charts, corners: np.ndarray) -> _Crossings:
        mesh = charts.mesh
        twin = np.full(3 * len(mesh), NONE)
        first, second = mesh.seams
        twin[first], twin[second] = second, first
        edges = mesh.borders
        edges = edges[charts.chart[edges // 3] == mesh.islands[edges // 3]]
        others = twin[edges]
        has_twin = (others != NONE) & (charts.chart[others // 3] != NONE)
        others = np.where(has_twin, others, edges)
        (a, b), (a2, b2) = matched_ends(mesh, corners, edges, others)
        here, there = frame(a, b, a - opposite(corners, edges)), frame(a2, b2, opposite(corners, others) - a2)
        scale = _length(b2 - a2) / np.maximum(_length(b - a), 1e-9)
        turns = here @ there.swapaxes(1, 2)
        matrices = turns.swapaxes(1, 2) * scale[:, None]
        offsets = a2 - linear_map(a, matrices)
        return cls(np.stack([a, b], 1), matrices, offsets, turns, has_twin)

    def nearest(self, size_px: Size) -> tuple[np.ndarray, np.ndarray]:
        """Index of the border nearest to each texel (H, W), and its distance in texels."""
        a, b = self.ends.swapaxes(0, 1)
        count = np.ceil(_length(b - a)[:, 0] / SPACING_PX).astype(int) + 1
        which, number = numbered(count)
        along = (number + 0.5) / count[which]
        x, y = np.floor(a[which] + along[:, None] * (b - a)[which]).astype(int).T
        height, width = size_px
        drawn = np.full(size_px, NONE)
        drawn[y.clip(0, height - 1), x.clip(0, width - 1)] = which
        distance, index = distance_transform_edt(drawn == NONE, return_indices=True)
        return drawn[tuple(index)], distance

    def places_across(
        self, places: np.ndarray, border: np.ndarray, nearest: np.ndarray, mask: np.ndarray, texels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Positions (N, 2) across borders (N,), turns (N, 2, 2) of vectors back, and whether a chart is there (N,)."""
        turns = np.broadcast_to(np.eye(2), (len(places), 2, 2)).copy()
        is_found, waiting = np.zeros(len(places), bool), np.arange(len(places))
        places = places.copy()
        height, width = texels.shape
        for _ in range(STEPS):
            crossed = border[waiting]
            places[waiting] = linear_map(places[waiting], self.matrices[crossed]) + self.offsets[crossed]
            turns[waiting] = turns[waiting] @ self.turns[crossed]
            x, y = np.floor(places[waiting]).astype(int).T
            is_inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            x, y = x.clip(0, width - 1), y.clip(0, height - 1)
            is_found[waiting] = is_inside & (texels[y, x] != NONE)
            goes_on = is_inside & (texels[y, x] == NONE) & mask[y, x]
            border = border.copy()
            border[waiting] = nearest[y, x]
            waiting = waiting[goes_on]
        return places, turns, is_found


def centres(size_px: Size) -> np.ndarray:
    """Centres (H, W, 2) of texels: x and y from the upper left."""
    return np.stack(np.meshgrid(np.arange(size_px[1]) + 0.5, np.arange(size_px[0]) + 0.5), 2)


def opposite(corners: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Corner (N, 2) of the triangle of each half-edge that is not on the half-edge."""
    return corners[edges // 3, (edges + 2) % 3]


def matched_ends(
    mesh: Mesh, corners: np.ndarray, edges: np.ndarray, others: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Corners (N, 2) at the ends of half-edges, and at the same ends of the half-edges on their other sides."""
    a, b = mesh.half_edges(corners, edges)
    a2, b2 = mesh.half_edges(corners, others)
    is_turned = (mesh.half_edges(mesh.vertices, edges)[0] != mesh.half_edges(mesh.vertices, others)[0])[:, None]
    return (a, b), (np.where(is_turned, b2, a2), np.where(is_turned, a2, b2))


def frame(a: np.ndarray, b: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Axes (N, 2, 2), in columns: along each edge, and across it towards a side.

    Axes of an edge towards its outer side are, in space, those of the other edge of the seam towards its inner side.
    """
    along = unit_vectors(b - a, 1e-9)
    across = np.stack([-along[:, 1], along[:, 0]], 1)
    across *= np.where((across * side).sum(1, keepdims=True) < 0, -1, 1)
    return np.stack([along, across], 2)


def _length(x: np.ndarray) -> np.ndarray:
    return np.linalg.norm(x, axis=1, keepdims=True)
