"""Meshes for textures: triangles in space and in UV space, UV islands, and the seams between them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import ParameterError

WELD = 1e-5
"""Distance, relative to the size of the mesh, below which corners are one vertex."""
UV_DIGITS = 5
"""Decimal places to which equal UVs agree."""
MOST_TRIANGLES, MOST_VALUE = 4_000_000, 1e9
REPEAT = 0.05
"""Share of the texture by which an island must exceed it to count as repeating the texture."""
STEEP = 0.15
"""Largest step of colour, from 0 to 1, across a seam; where it is larger, two parts of an object meet."""
CREASE = 0.8
"""Cosine of the angle between the normal of a face and the mean at a vertex below which the face keeps its own."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles with their positions in metres and their UVs, whose V axis points up, for one texture or map set.

    positions: (T, 3, 3) float32; X, Y and Z point right, back and up. uvs: (T, 3, 2) float32. directions: (T, 3, 3), of
    patterns and strokes in space; 0 for any direction. Raise ParameterError for a mesh without triangles, or with
    values that are no numbers.
    """

    positions: np.ndarray
    uvs: np.ndarray
    name: str = ""
    directions: np.ndarray | None = None

    def __post_init__(self) -> None:
        count = len(self.positions)
        if self.positions.shape != (count, 3, 3) or self.uvs.shape != (count, 3, 2):
            message = "a mesh needs positions (T, 3, 3) and UVs (T, 3, 2), got {}, {}"
            raise ParameterError(message, "give three corners for each triangle", self.positions.shape, self.uvs.shape)
        if not 0 < count <= MOST_TRIANGLES:
            raise ParameterError("a mesh of {} triangles cannot be used", "give 1 to {:,}", count, MOST_TRIANGLES)
        arrays = [self.positions, self.uvs] + ([] if self.directions is None else [self.directions])
        if not all((np.abs(one) < MOST_VALUE).all() for one in arrays):
            message = "the mesh has positions, UVs or directions that are no numbers, or far too large"
            raise ParameterError(message, "unwrap it again, or remove its attribute direction")
        if arrays[-1].shape[:2] != (count, 3):
            message = "a mesh needs directions (T, 3, 3), got {}"
            raise ParameterError(message, "give one for each corner", arrays[-1].shape)

    def __len__(self) -> int:
        return len(self.positions)

    def sha256(self) -> str:
        """Hash of positions, UVs and directions."""
        digest = hashlib.sha256(np.ascontiguousarray(self.positions, "<f4").data)
        digest.update(np.ascontiguousarray(self.uvs, "<f4").data)
        if self.directions is not None:
            digest.update(np.ascontiguousarray(self.directions, "<f4").data)
        return digest.hexdigest()

    @cached_property
    def vertices(self) -> np.ndarray:
        """Number of the vertex of each corner (T, 3): corners at one position are one vertex, whatever their UVs."""
        places = self.positions.reshape(-1, 3).astype(np.float64)
        places -= places.min(0)
        return _numbers(np.round(places / max(float(places.max()), 1e-30) / WELD)).reshape(-1, 3)

    @cached_property
    def points(self) -> np.ndarray:
        """Number of the UV point of each corner (T, 3): corners with the same vertex and UV are one point."""
        uvs = np.round(self.uvs.reshape(-1, 2).astype(np.float64) * 10**UV_DIGITS)
        return _numbers(np.column_stack([self.vertices.reshape(-1), uvs])).reshape(-1, 3)

    @cached_property
    def crosses(self) -> np.ndarray:
        """Cross products (T, 3) of two edges of each triangle: normals whose length is twice the area."""
        edges = edges_of(self.positions)
        return np.cross(edges[:, 0], edges[:, 1])

    @cached_property
    def areas(self) -> np.ndarray:
        """Areas (T,) of the triangles, in square metres."""
        return np.linalg.norm(self.crosses, axis=1) / 2

    @cached_property
    def normals(self) -> np.ndarray:
        """Normals (T, 3) of the triangles, of length 1, or 0 for those without area."""
        return self.crosses / np.maximum(2 * self.areas[:, None], 1e-30)

    @cached_property
    def smooth_normals(self) -> np.ndarray:
        """Normals (T, 3, 3) at corners: area-weighted means over all faces of the vertex, but not across creases."""
        total = np.zeros((int(self.vertices.max()) + 1, 3))
        np.add.at(total, self.vertices.reshape(-1), np.repeat(self.crosses, 3, axis=0))
        found = unit_vectors(total[self.vertices])
        is_crease = (found * self.normals[:, None]).sum(-1) < CREASE
        return np.where(is_crease[..., None], self.normals[:, None], found)

    @cached_property
    def islands(self) -> np.ndarray:
        """Number of the UV island of each triangle (T,): triangles that share an edge in UV space are connected."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        first, second = self._pairs(self.points)
        size = len(self)
        graph = coo_matrix((np.ones(len(first), bool), (first // 3, second // 3)), shape=(size, size))
        return connected_components(graph, directed=False)[1].astype(np.int64)

    @cached_property
    def is_larger(self) -> np.ndarray:
        """Whether an island (I,) is larger than the texture, which then repeats on it."""
        count = int(self.islands.max()) + 1
        lowest, highest = (np.full((count, 2), limit) for limit in (np.inf, -np.inf))
        islands = np.repeat(self.islands, 3)
        np.minimum.at(lowest, islands, self.uvs.reshape(-1, 2))
        np.maximum.at(highest, islands, self.uvs.reshape(-1, 2))
        return ((highest - lowest) > 1 + REPEAT).any(1)

    @cached_property
    def repeats(self) -> bool:
        """Whether most of the area lies on islands that are larger than the texture."""
        return bool(self.areas[self.is_larger[self.islands]].sum() > 0.5 * self.areas.sum())

    @cached_property
    def seams(self) -> tuple[np.ndarray, np.ndarray]:
        """Half-edges on both sides of each seam, (S,) and (S,): edges in space whose sides are apart in UV space.

        Half-edge 3 t + k goes from corner k of triangle t to the next. An edge of more than two triangles is no seam,
        but triangles with the same UVs as others, which a Mirror modifier makes, are paired separately.
        """
        first, second = self._pairs(self.vertices)
        ends, others = self._ends(self.points, first), self._ends(self.points, second)
        is_seam = (np.sort(ends, 1) != np.sort(others, 1)).any(1)
        return first[is_seam], second[is_seam]

    @cached_property
    def borders(self) -> np.ndarray:
        """Half-edges (B,) at which a UV island ends: those of seams, and of the borders of the mesh."""
        ends, keys = self._edges(self.points)
        _, place, count = np.unique(keys, return_inverse=True, return_counts=True)
        return np.flatnonzero((count[place.reshape(-1)] == 1) & (ends[:, 0] != ends[:, 1]))

    def half_edges(self, corners: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values of corners (T, 3, …) at the start and the end of half-edges (N,)."""
        triangle, corner = index // 3, index % 3
        return corners[triangle, corner], corners[triangle, (corner + 1) % 3]

    def _ends(self, numbers: np.ndarray, index: np.ndarray) -> np.ndarray:
        """Numbers (N, 2) of the corners (T, 3) at the ends of half-edges."""
        return np.column_stack(self.half_edges(numbers, index))

    def _edges(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ends (3 T, 2) of all half-edges, the lower one first, and numbers (3 T,) that are equal for equal ends."""
        ends = np.sort(self._ends(numbers, np.arange(3 * len(self))), 1)
        return ends, ends[:, 0] * (int(numbers.max()) + 1) + ends[:, 1]

    @cached_property
    def crowded_edges(self) -> int:
        """Number of edges of more than two triangles with different UVs: seams are not detected there."""
        _, keys = self._edges_of_copies(self.vertices)
        found, count = np.unique(keys, return_counts=True)
        return int(((found % 2 == 0) & (count > 2)).sum())

    @cached_property
    def _is_copy(self) -> np.ndarray:
        """Whether a triangle (T,) has the same UVs as an earlier one."""
        uvs = np.round(self.uvs.astype(np.float64) * 10**UV_DIGITS)
        points = np.sort(_numbers(uvs.reshape(-1, 2)).reshape(-1, 3), 1)
        is_copy = np.ones(len(self), bool)
        is_copy[np.unique(_numbers(points), return_index=True)[1]] = False
        return is_copy

    def _edges_of_copies(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`_edges` with even numbers, which are odd for copies at edges of more than two triangles."""
        ends, keys = self._edges(numbers)
        keys = np.where(ends[:, 0] != ends[:, 1], keys, -1 - np.arange(len(keys)))  # of no length: all different
        ranked = np.sort(keys)
        crowded = ranked[2:][ranked[2:] == ranked[:-2]]
        keys = 2 * keys
        if len(crowded):
            keys += np.isin(keys, 2 * crowded) & np.repeat(self._is_copy, 3)
        return ends, keys

    def _pairs(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of half-edges, of two triangles, with the same ends. numbers: of all corners (T, 3)."""
        _, keys = self._edges_of_copies(numbers)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        is_same = np.concatenate([keys[1:] == keys[:-1], [False]])
        is_third = np.concatenate([[False], is_same[:-1]]) & is_same
        is_alone = is_same & ~is_third & ~np.concatenate([is_third[1:], [False]])
        places = np.flatnonzero(is_alone)
        return order[places], order[places + 1]


def _numbers(rows: np.ndarray) -> np.ndarray:
    """A number for each row (N, D) of whole numbers, equal for equal rows."""
    keys = rows.astype(np.int64)
    keys -= keys.min(0)
    found = np.zeros(len(keys), np.int64)
    for column in keys.T:
        found = np.unique(found * (int(column.max()) + 1) + column, return_inverse=True)[1].reshape(-1)
    return found


def edges_of(corners: np.ndarray) -> np.ndarray:
    """Edges (T, 2, D) from the first corner of triangles (T, 3, D) to the other two."""
    return (corners[:, 1:] - corners[:, :1]).astype(np.float64)


def unit_vectors(vectors: np.ndarray, least: float = 1e-30) -> np.ndarray:
    """Vectors (…, D), scaled to length 1; shorter if their length was below `least`."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), least)
