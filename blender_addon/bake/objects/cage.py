# SPDX-License-Identifier: GPL-3.0-or-later
"""Cages: where the rays from a low surface to the high ones begin, and how far they go.

Rays along the normals of faces leave gaps at hard edges. Here they start on a mesh whose vertices lie along smooth
normals, so they cover the space round an edge without a gap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from bpy.types import Depsgraph, Mesh, Object
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree

from ...bridge.meshes import values_in
from ...core.errors import ParameterError
from .sets import HighToLow

SAMPLES = 20_000
"""Points on a low surface from which the distances to the high ones are measured."""
PERCENTILE = 99.9
MARGIN = 1.25
LEAST = 2e-3
"""Least extrusion, of the low object's diagonal, so that no ray begins on the surface that it looks for."""
SHARPEST = 0.2
"""Least cosine between the smooth normal and a face's: the cage goes no further than 5 extrusions out at spikes."""


@dataclass(frozen=True)
class Cage:
    """Directions (V, 3) out of a low mesh's vertices at `surface` (V, 3) in the world.

    Rays begin `extrusion` along them, and go as far as ray_distance. is_given: by a mesh; extrusion does not move it.
    """

    surface: np.ndarray
    out: np.ndarray
    extrusion: float
    ray_distance: float
    is_given: bool = False

    def points(self, extrusion: float = 0.0) -> np.ndarray:
        """Positions (V, 3) in the world where rays begin, with another extrusion if this is not 0."""
        return self.surface + (extrusion if extrusion and not self.is_given else self.extrusion) * self.out


def make_cage(
    name: str, low: Object, highs: Sequence[Object], cage: Object | None, high_to_low: HighToLow, depsgraph: Depsgraph
) -> Cage:
    """The cage of an evaluated low object: the given one, `cage` evaluated, or else its surface moved out.

    Sizes that are not given are measured. Raise ParameterError if the given cage has another topology, or no ray meets
    a high object.
    """
    mesh, matrix = low.data, np.array(low.matrix_world)
    points = _points(mesh, matrix)
    if cage and high_to_low.cage:
        _check_topology(name, mesh, high_to_low.cage.name, cage.data)
        out = _points(cage.data, np.array(cage.matrix_world)) - points
    else:
        out = even_directions(mesh, points, matrix)
    extrusion = 1.0 if cage else high_to_low.extrusion
    ray_distance = high_to_low.ray_distance
    if not extrusion or not ray_distance:
        above, below = _distances(name, mesh, points, out, highs, depsgraph)
        least = LEAST * float(np.linalg.norm(np.ptp(points, axis=0)))
        extrusion = extrusion or MARGIN * max(above, least)
        longest = extrusion * float(np.linalg.norm(out, axis=1).max())
        ray_distance = ray_distance or longest + MARGIN * max(below, least)
    return Cage(points, out, extrusion, ray_distance, cage is not None)


def _check_topology(name: str, mesh: Mesh, title: str, cage: Mesh) -> None:
    same = len(mesh.vertices) == len(cage.vertices) and len(mesh.polygons) == len(cage.polygons)
    if not same or not np.array_equal(_corners(mesh), _corners(cage)):
        remedy = "make it of a copy of {}, and only move its vertices; or rename it, so that a cage is made"
        raise ParameterError("the cage {} has another topology than {}", remedy, title, name, name)


def _corners(mesh: Mesh) -> np.ndarray:
    """Vertex of each corner (L)."""
    return values_in(mesh.loops, "vertex_index", (len(mesh.loops),), np.int32)


def _points(mesh: Mesh, matrix: np.ndarray) -> np.ndarray:
    """Positions (V, 3) in the world."""
    points = values_in(mesh.vertices, "co", (len(mesh.vertices), 3), np.float32)
    return points.astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]


def even_directions(mesh: Mesh, points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Directions (V, 3) in the world that move each face out by at least one unit: smooth normals, longer at edges.

    Vertices in one place count as one, so that split edges move together.
    """
    corners, count = _corners(mesh), len(mesh.polygons)
    starts, totals = (values_in(mesh.polygons, name, (count,), np.int32) for name in ("loop_start", "loop_total"))
    facing = values_in(mesh.polygons, "normal", (count, 3), np.float32).astype(np.float64)
    faces = np.repeat(np.arange(len(starts)), totals)
    normals = _unit(facing @ np.linalg.inv(matrix[:3, :3]))[faces]
    places = np.arange(len(corners))
    following = np.where(places + 1 == (starts + totals)[faces], starts[faces], places + 1)
    leading = np.where(places == starts[faces], (starts + totals)[faces] - 1, places - 1)
    here = points[corners]
    ahead, behind = (_unit(points[corners[at]] - here) for at in (following, leading))
    angles = np.arccos(np.clip((ahead * behind).sum(axis=1), -1.0, 1.0))
    grid = max(float(np.ptp(points, axis=0).max()), 1e-12) * 1e-5
    _, place = np.unique(np.round(points / grid), axis=0, return_inverse=True)
    place = place.reshape(-1)
    sums = np.zeros((len(points), 3))
    np.add.at(sums, place[corners], normals * angles[:, None])
    lengths = np.linalg.norm(sums, axis=1)
    own = np.zeros((len(points), 3))
    np.add.at(own, corners, normals * angles[:, None])
    smooth = _unit(np.where(lengths[place, None] > 1e-6, sums[place], own))  # both sides of a sheet cancel each other
    cosines = np.ones(len(points))
    np.minimum.at(cosines, place[corners], (normals * smooth[corners]).sum(axis=1))
    return smooth / np.maximum(cosines[place], SHARPEST)[:, None]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _distances(
    name: str, low: Mesh, points: np.ndarray, out: np.ndarray, highs: Sequence[Object], depsgraph: Depsgraph
) -> tuple[float, float]:
    """Distances of the high surfaces above, in lengths of `out`, and below, in units: high percentiles over samples.

    Only surfaces that face as the low one does count, and those above come first: they cover what is below.
    """
    evaluated = [item.evaluated_get(depsgraph) for item in highs]
    trees = [
        (BVHTree.FromObject(item, depsgraph), one.matrix_world, one.matrix_world.inverted_safe())
        for item, one in zip(highs, evaluated, strict=True)
        if one.data.polygons
    ]
    triangles, weights = _samples(low)
    begins, directions = ((weights @ values[triangles]).reshape(-1, 3) for values in (points, out))
    lengths = np.maximum(np.linalg.norm(directions, axis=1), 1e-12)
    above, below = [], []
    for begin, direction, length in zip(begins.tolist(), directions.tolist(), lengths.tolist(), strict=True):
        start, normal = Vector(begin), Vector(direction)
        if (up := _distance(trees, start, normal, normal)) < math.inf:
            above.append(up / length)
        elif (down := _distance(trees, start, -normal, normal)) < math.inf:
            below.append(down)
    if not above and not below:
        remedy = "move them onto each other, and see that the faces of both point outwards (Mesh > Normals)"
        raise ParameterError("no high object lies above or below the faces of {}", remedy, name)
    far_above, far_below = (float(np.percentile(one, PERCENTILE)) if one else 0.0 for one in (above, below))
    return far_above, far_below


def _samples(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (T, 3) of triangles, and the weights (S, 3) of an even grid of points in each, its corners included."""
    mesh.calc_loop_triangles()
    triangles = values_in(mesh.loop_triangles, "vertices", (len(mesh.loop_triangles), 3), np.int32)
    triangles = triangles[:: math.ceil(len(triangles) * 10 / SAMPLES)]
    steps = max(3, math.isqrt(2 * SAMPLES // len(triangles)) - 2)
    grid = [(i, j, steps - i - j) for i in range(steps + 1) for j in range(steps + 1 - i)]
    return triangles, np.array(grid) / steps


def _distance(
    trees: Sequence[tuple[BVHTree, Matrix, Matrix]], begin: Vector, direction: Vector, normal: Vector
) -> float:
    """Distance in the world to the first surface in a direction; infinite for none, or one that faces against `normal`.

    Such a one is the opposite wall of a hole, or the other side of a plate.
    """
    nearest, faces = math.inf, False
    for tree, matrix, inverse in trees:
        hit, facing, _, _ = tree.ray_cast(inverse @ begin, inverse.to_3x3() @ direction)
        if hit is not None and (far := (matrix @ hit - begin).length) < nearest:
            nearest, faces = far, (inverse.transposed().to_3x3() @ facing).dot(normal) > 0
    return nearest if faces else math.inf
