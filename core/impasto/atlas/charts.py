"""Charts of a mesh: UV islands in their true proportions, with one texel density, upright, and not mirrored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError
from ..texture import LARGE_PX
from .mesh import Mesh, edges_of, unit_vectors
from .raster import NONE, Size, rasterization

LARGEST = 1.05 * LARGE_PX
"""Texels of the largest texture: 4096², or UDIM tiles with as many texels together, plus the gaps between them."""
LEAST_AREA = 1e-12
"""Area of a triangle in UV space, relative to the texture, below which it has no texels."""
LEAST_TEXELS = 0.25
"""Area of an island in texels below which it is ignored, whatever its area in space."""
LEAST_STRETCH = 0.1
"""Least extent of an island's texels in one direction, relative to the other: triangles beyond it are degenerate."""
LEAST_SLOPE = 0.3
"""Least mean length of a direction along an island; below it, back is up, as on a floor."""
STRAIGHT = 0.3
"""Least share of an island's border at right angles, for the island to be aligned with it."""
COPY_SHARE = 0.5
"""Least share of an island's texels that another island also has, for it to be a copy of that one."""
UP, BACK = (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)
REMEDY = "unwrap it in edit mode (UV > Smart UV Project)"


@dataclass(frozen=True, eq=False)
class Charts:
    """UV islands of a mesh on a texture of `size_px`, and the matrices that bring them into true proportions.

    corners: (T, 3, 2), x and y of each triangle, in texels from the upper left. texels: (H, W), number of the triangle
    at each texel. chart: (T,), number of the island with the texels of each triangle, `NONE` without area; for a copy,
    such as a mirrored half, that of the original. matrices: (I, 2, 2), from texels to metres, y down. copies, overlaps:
    numbers of islands that are copies, and of those that partly overlap others. offsets: (I, 2), in metres, for charts
    that are laid out on one plane (`unrolling`). is_directed: (I,), whether directions of the mesh point up on a chart.
    """

    mesh: Mesh
    size_px: Size
    corners: np.ndarray
    texels: np.ndarray
    chart: np.ndarray
    matrices: np.ndarray
    copies: int
    overlaps: int
    offsets: np.ndarray
    is_directed: np.ndarray

    @classmethod
    def of(cls, mesh: Mesh, size_px: Size) -> Charts:
        """Charts of a mesh on a texture. Raise ParameterError if no triangle uses the texture, or most UVs repeat it.

        Islands that are larger than the texture, or hardly have a texel, are ignored.
        """
        if size_px[0] * size_px[1] > LARGEST:
            message = "a texture of {}x{} is too large to be unfolded"
            raise ParameterError(message, "make it at most 4096x4096, or leave the mesh out", size_px[1], size_px[0])
        if mesh.repeats:
            raise ParameterError("the UVs of {} repeat the texture", REMEDY, mesh.name or "the mesh")
        corners = mesh.uvs.astype(np.float64) * (size_px[1], -size_px[0]) + (0, size_px[0])
        islands = mesh.islands
        lowest = np.full((islands.max() + 1, 2), np.inf)
        np.minimum.at(lowest, np.repeat(islands, 3), corners.reshape(-1, 2))
        sides = np.array([size_px[1], size_px[0]])
        corners -= (np.floor(lowest / sides + 1e-6) * sides)[islands][:, None]  # islands begin in the first UV square
        frames = _Frames.of(mesh, corners)
        is_left_out = (mesh.is_larger | (np.bincount(islands, np.abs(frames.signed) / 2) < LEAST_TEXELS))[islands]
        texels, drawn = rasterization(np.where(is_left_out[:, None, None], -1.0, corners), size_px, wraps=True)
        if not frames.has_area.any() or not drawn.any():
            raise ParameterError("the UVs of {} have no area", REMEDY, mesh.name or "the mesh")
        chart, copies, overlaps = _originals(islands, corners, texels, drawn)
        chart = np.where(frames.has_area & ~is_left_out, chart, NONE)
        matrices, is_directed = frames.matrices(chart, len(lowest))
        straight = _axis_aligned(matrices, mesh, corners, chart)
        matrices = np.where(is_directed[:, None, None], matrices, straight)
        return cls(
            mesh, size_px, corners, texels, chart, matrices, copies, overlaps, np.zeros((len(matrices), 2)), is_directed
        )

    def at(self, size_px: Size) -> Charts:
        """The charts on a texture of this size."""
        return self if size_px == self.size_px else Charts.of(self.mesh, size_px)

    @property
    def texel_areas(self) -> np.ndarray:
        """Area of a texel of each island (I,), in square metres."""
        return np.abs(np.linalg.det(self.matrices))

    @property
    def in_metres(self) -> np.ndarray:
        """Corners (T, 3, 2) of triangles in their charts, in metres, y down."""
        return linear_map(self.corners, self.matrices[self.chart][:, None]) + self.offsets[self.chart][:, None]

    @property
    def turns(self) -> np.ndarray:
        """Rotations or reflections (I, 2, 2) of normals from the texture to the chart, y down.

        X of a tangent-space normal is along the U axis, and Y at a right angle to it (Mikkelsen 2008).
        """
        across = unit_vectors(self.matrices[:, :, 0])
        down = np.stack([-across[:, 1], across[:, 0]], 1) * np.sign(np.linalg.det(self.matrices))[:, None]
        return np.stack([across, down], 2)


@dataclass(frozen=True, eq=False)
class _Frames:
    """Derivatives (T, 3, 2) of positions by texels, and areas (T,) of triangles in space, and, with a sign, in texels.

    directions: (T, 3), 0 where the mesh has none.
    """

    derivatives: np.ndarray
    directions: np.ndarray
    areas: np.ndarray
    signed: np.ndarray

    @classmethod
    def of(cls, mesh: Mesh, corners: np.ndarray) -> _Frames:
        signed = np.linalg.det(edges_of(corners))
        is_flat = np.abs(signed) <= 2 * LEAST_AREA
        derivatives = slopes_of(corners, mesh.positions, 2 * LEAST_AREA).swapaxes(1, 2)
        directions = np.zeros_like(mesh.crosses) if mesh.directions is None else mesh.directions.astype(float).mean(1)
        areas, signed = (np.where(is_flat, 0, one) for one in (mesh.areas, signed))
        return cls(derivatives, unit_vectors(directions, 1e-9), areas, signed)

    @property
    def has_area(self) -> np.ndarray:
        """Whether triangles have texels (T,)."""
        return (self.signed != 0) & (self.areas > 0)

    def matrices(self, chart: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Matrices (I, 2, 2) of islands: roots of the mean metric, upright and not mirrored; and `is_directed` (I,).

        Shape and size have separate means, weighted by texels: else triangles with hardly any would dominate.
        """
        found = np.zeros((count, 2, 2))
        own = chart != NONE
        extent = np.abs(self.signed) / 2
        size = np.maximum(self.areas, 1e-30) / np.maximum(extent, 1e-30)
        metric = self.derivatives.swapaxes(1, 2) @ self.derivatives * (extent / size)[:, None, None]
        np.add.at(found, chart[own], metric[own])
        texels, side, exponent = (
            np.bincount(chart[own], one[own], count) for one in (extent, self.signed, extent * np.log(size))
        )
        found[texels == 0] = np.eye(2)
        values, vectors = np.linalg.eigh(found)
        values = np.maximum(values, values.max(1, keepdims=True) * LEAST_STRETCH**2)
        values *= (np.exp(exponent / np.maximum(texels, 1e-30)) / np.sqrt(values.prod(1)))[:, None]
        values[texels == 0] = 1
        roots = vectors * np.sqrt(values)[:, None] @ vectors.swapaxes(1, 2)
        roots[side > 0] = np.diag([-1, 1]) @ roots[side > 0]  # y points down: from outside, the sign is negative
        return self._upright(roots, chart, own)

    def _upright(self, roots: np.ndarray, chart: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Matrices, rotated so that directions point up in a chart, and whether it has directions (I,).

        Without directions, up in space points up; on a level chart, back does.
        """
        tangents = self.derivatives[own] @ np.linalg.inv(roots)[chart[own]]  # (t, 3, 2)
        weights, count = self.areas[own], len(roots)
        total = np.bincount(chart[own], weights, count)[:, None]

        def mean(direction: np.ndarray) -> np.ndarray:
            slope = np.zeros((count, 2))
            along = np.broadcast_to(direction, (len(tangents), 3))[:, None] @ tangents
            np.add.at(slope, chart[own], weights[:, None] * along[:, 0])
            return slope / np.maximum(total, 1e-30)

        directed, upwards, back = mean(self.directions[own]), mean(np.array(UP)), mean(np.array(BACK))
        has_any, is_steep = (np.linalg.norm(one, axis=1, keepdims=True) > LEAST_SLOPE for one in (directed, upwards))
        up = np.where(has_any, directed, np.where(is_steep, upwards, back))
        length = np.linalg.norm(up, axis=1, keepdims=True)
        up = np.where(length > 1e-9, up / np.maximum(length, 1e-9), [0.0, -1.0])
        return _turns(up) @ roots, has_any[:, 0]


def slopes_of(corners: np.ndarray, values: np.ndarray, least: float) -> np.ndarray:
    """Derivatives (T, 2, D) by x and y of values (T, 3, D) that are linear in triangles with these corners (T, 3, 2).

    0 for triangles with an area of at most half of `least`.
    """
    edges = edges_of(corners)
    is_sound = (np.abs(np.linalg.det(edges)) > least)[:, None, None]
    return np.where(is_sound, np.linalg.inv(np.where(is_sound, edges, np.eye(2))) @ (values[:, 1:] - values[:, :1]), 0)


def linear_map(points: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Points (…, 2) times matrices (…, 2, 2)."""
    x, y = points[..., 0], points[..., 1]
    return np.stack([matrices[..., row, 0] * x + matrices[..., row, 1] * y for row in (0, 1)], -1)


def _originals(
    islands: np.ndarray, corners: np.ndarray, texels: np.ndarray, drawn: np.ndarray
) -> tuple[np.ndarray, int, int]:
    """Number (T,) of the island with the texels of each triangle, and numbers of copies and of partial overlaps."""
    count = islands.max() + 1
    wanted = np.bincount(islands, weights=drawn, minlength=count)
    texel_counts = np.bincount(islands[texels[texels != NONE]], minlength=count)
    missing = 1 - texel_counts / np.maximum(wanted, 1)
    is_copy = (missing >= COPY_SHARE) & (wanted > 0)
    x, y = np.floor(corners.mean(1)).astype(np.int64).T
    seen = texels[y % texels.shape[0], x % texels.shape[1]]
    is_voting = is_copy[islands] & (seen != NONE)
    votes = islands[is_voting] * count + islands[seen[is_voting]]
    pairs, numbers = np.unique(votes, return_counts=True)
    original = np.arange(count)
    for pair in pairs[np.argsort(numbers, kind="stable")]:  # the most frequent comes last and wins
        original[pair // count] = pair % count
    return original[islands], int(is_copy.sum()), int(((missing > 0.01) & ~is_copy).sum())


def _axis_aligned(matrices: np.ndarray, mesh: Mesh, corners: np.ndarray, chart: np.ndarray) -> np.ndarray:
    """Matrices (I, 2, 2), rotated by up to 45 degrees to align islands whose borders are mostly at right angles."""
    edges = mesh.borders[chart[mesh.borders // 3] != NONE]
    own = chart[edges // 3]
    starts, ends = mesh.half_edges(corners, edges)
    along = linear_map(ends - starts, matrices[own])
    z = along[:, 0] + 1j * along[:, 1]
    total = np.zeros(len(matrices), complex)
    np.add.at(total, own, np.abs(z) * np.exp(4j * np.angle(z)))
    length = np.bincount(own, np.abs(z), len(matrices))
    angle = np.where(np.abs(total) > STRAIGHT * length, -np.angle(total) / 4, 0.0)
    turn = np.stack([np.stack([np.cos(angle), -np.sin(angle)], 1), np.stack([np.sin(angle), np.cos(angle)], 1)], 1)
    return turn @ matrices


def _turns(up: np.ndarray) -> np.ndarray:
    """Rotations (N, 2, 2) that make directions (N, 2) point up, with y down."""
    return np.stack([np.stack([-up[:, 1], up[:, 0]], 1), np.stack([-up[:, 0], -up[:, 1]], 1)], 1)
