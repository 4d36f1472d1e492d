# SPDX-License-Identifier: GPL-3.0-or-later
"""Maps of an object's shape: what its surfaces emit in each of them, as node sockets, and how pixels become maps.

Curvature is that of the surface rounded by the Bevel node, so that hard edges have one too: half the divergence of
its normals over the pixels of each UV island.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from bpy.types import Depsgraph, NodeSocket, NodeTree, Object
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from ...bridge.meshes import values_in
from ...bridge.shader_tree import NodeGraph, Value

GEOMETRY_MAPS = ("position", "object_normal", "world_normal", "curvature", "cavity", "edge_mask", "thickness")
CURVATURE_PASSES = ("position", "rounded_normal")
"""Bakes that curvature is computed from."""
CURVATURE_MAPS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "curvature": lambda bend: 0.5 + 0.5 * bend,
    "cavity": lambda bend: -bend,
    "edge_mask": lambda bend: bend,
}
"""Values of the maps, to be clipped to [0, 1], of mean curvature times radius."""
OCCLUSION_SAMPLES = 64
"""Ambient occlusion rays of each sample of a pixel."""
THICKNESS_STEPS, THICKNESS_SAMPLES = 8, 16
"""Distances whose occlusion is summed to a mean length of rays, and rays for each."""
BEVEL_SAMPLES = 16
SMOOTHING_PX = 1
"""Half-width of the window that curvature is averaged in, against the Bevel node's noise."""
BAND_PX = 512
"""Rows that curvature is computed of at a time."""
JUMP = 64
"""Ratio of squared distances to their median above which neighbouring pixels belong to different UV islands."""


@dataclass(frozen=True)
class Extent:
    """Place of what is baked. space: the single object that is baked to, else None for the world.

    low, high: bounding box in that space; size: longest side, radius: of curvature, thickness: greatest that a map
    shows, in Blender units. is_alone: whether one object is all that there is.
    """

    space: Object | None
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    size: float
    radius: float
    thickness: float
    is_alone: bool

    @property
    def to_world(self) -> np.ndarray:
        """Linear part (3, 3) of the matrix from its space to the world's."""
        return np.array(self.space.matrix_world.to_3x3(), np.float32) if self.space else np.eye(3, dtype=np.float32)

    def figures(self, name: str) -> dict[str, Any]:
        """Meaning of a map's values, in Blender units, for its provenance."""
        if name == "position":
            return {"position_low": self.low, "position_high": self.high}
        if name == "thickness":
            return {"thickness_range": self.thickness}
        return {"curvature_radius": self.radius} if name in CURVATURE_MAPS else {}


def _position(tree: NodeTree, extent: Extent) -> NodeSocket:
    """Position within the bounding box, in its space."""
    if extent.space:
        node = tree.nodes.new("ShaderNodeTexCoord")
        node.object, position = extent.space, node.outputs["Object"]
    else:
        position = tree.nodes.new("ShaderNodeNewGeometry").outputs["Position"]
    spans = [high - low for low, high in zip(extent.low, extent.high, strict=True)]
    scale = tuple(1 / span if span > 1e-9 else 0.0 for span in spans)
    offset = tuple(-low * factor for low, factor in zip(extent.low, scale, strict=True))
    return NodeGraph(tree).vector("MULTIPLY_ADD", position, scale, offset)


def _normal(tree: NodeTree, _: Extent) -> NodeSocket:
    """Normal in the world's space, smooth where the mesh is shaded so, without bump."""
    normal = tree.nodes.new("ShaderNodeNewGeometry").outputs["Normal"]
    return _encoded(tree, normal)


def _rounded_normal(tree: NodeTree, extent: Extent) -> NodeSocket:
    node = NodeGraph(tree).node("Bevel", extent.radius, samples=BEVEL_SAMPLES)
    return _encoded(tree, node.outputs["Normal"])


def _occlusion(tree: NodeTree, extent: Extent) -> NodeSocket:
    """Ambient occlusion up to the size, of an object by itself or by all that are baked with it."""
    return _open_share(tree, extent.size, OCCLUSION_SAMPLES, only_local=extent.is_alone)


def _thickness(tree: NodeTree, extent: Extent) -> NodeSocket:
    """Mean length of rays inwards, as a share of the greatest that is shown.

    It is the integral over all distances of the share of rays that are longer. Steps grow with the distance, so that
    thin parts keep their differences.
    """
    total: Value = 0.0
    for step in range(THICKNESS_STEPS):
        root = (step + 0.5) / THICKNESS_STEPS
        longer = _open_share(tree, extent.thickness * root**2, THICKNESS_SAMPLES, inside=True)
        total = NodeGraph(tree).math("MULTIPLY_ADD", longer, 2 * root / THICKNESS_STEPS, total)
    return total


def _open_share(
    tree: NodeTree, distance: float, samples: int, *, inside: bool = False, only_local: bool = True
) -> NodeSocket:
    """Share of rays that meet nothing within a distance, of the object itself or of all."""
    node = NodeGraph(tree).node("AmbientOcclusion", only_local=only_local, inside=inside, samples=samples)
    node.inputs["Distance"].default_value = distance
    return node.outputs["AO"]


def _encoded(tree: NodeTree, vector: NodeSocket) -> NodeSocket:
    """Directions as colours from 0 to 1."""
    return NodeGraph(tree).vector("MULTIPLY_ADD", vector, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


EMISSIONS: Mapping[str, Callable[[NodeTree, Extent], NodeSocket]] = {
    "position": _position,
    "object_normal": _normal,
    "world_normal": _normal,
    "rounded_normal": _rounded_normal,
    "ambient_occlusion": _occlusion,
    "thickness": _thickness,
}
"""Functions that add nodes for what a surface emits in a bake, and return their output."""


def object_normals(values: np.ndarray, extent: Extent) -> np.ndarray:
    """Encoded normals (H, W, 3) of the world's space, in the object's."""
    vectors = (values * 2 - 1) @ extent.to_world  # by M's transpose
    return unit_vectors(vectors) * 0.5 + 0.5


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-6)


def relative_curvature(positions: np.ndarray, normals: np.ndarray, covered: np.ndarray, extent: Extent) -> np.ndarray:
    """Mean curvature times radius (H, W), positive where convex, of the two passes' pixels (H, W, 3).

    It is computed in bands of rows, which take little memory.
    """
    spans = np.subtract(extent.high, extent.low).astype(np.float32)
    to_world = extent.to_world
    found = np.empty(covered.shape, np.float32)
    for top in range(0, len(found), BAND_PX):
        first = max(0, top - SMOOTHING_PX)
        band = slice(first, top + BAND_PX + SMOOTHING_PX + 1)
        points, directions = (positions[band] * spans) @ to_world.T, unit_vectors(normals[band] * 2 - 1)
        curvature = _mean_curvature(points, directions, covered[band])
        found[top : top + BAND_PX] = curvature[top - first :][:BAND_PX]
    return (found * extent.radius).clip(-1, 1)


def _mean_curvature(points: np.ndarray, normals: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """H = (LG - 2MF + NE) / 2(EG - F²), with the fundamental forms' coefficients of differences between pixels."""
    (points_u, points_v), (normals_u, normals_v) = _differences(points), _differences(normals)
    along_u, along_v = _same_island(points_u, covered, 1), _same_island(points_v, covered, 0)

    def coefficient(first: np.ndarray, second: np.ndarray, where: np.ndarray) -> np.ndarray:
        return _box_sums(np.where(where, (first * second).sum(axis=2), 0.0), SMOOTHING_PX)

    e, g = coefficient(points_u, points_u, along_u), coefficient(points_v, points_v, along_v)
    l, n = coefficient(points_u, normals_u, along_u), coefficient(points_v, normals_v, along_v)  # noqa: E741
    both = along_u & along_v
    f = coefficient(points_u, points_v, both)
    m = (coefficient(points_u, normals_v, both) + coefficient(points_v, normals_u, both)) / 2
    determinant = e * g - f**2
    is_regular = determinant > 1e-3 * e * g
    return np.divide(l * g - 2 * m * f + n * e, 2 * determinant, out=np.zeros_like(e), where=is_regular)


def _box_sums(values: np.ndarray, half_px: int) -> np.ndarray:
    """Sums of values (H, W) over windows of 2 · half_px + 1 pixels, zero beyond the border."""
    height, width = values.shape
    padded, sums = np.pad(values, half_px), np.zeros_like(values)
    for top, left in itertools.product(range(2 * half_px + 1), repeat=2):
        sums += padded[top : top + height, left : left + width]
    return sums


def _differences(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Differences to the next pixel along u and v (H, W, 3), zero in the last column and row."""
    return np.diff(values, axis=1, append=values[:, -1:]), np.diff(values, axis=0, append=values[-1:])


def _same_island(differences: np.ndarray, covered: np.ndarray, axis: int) -> np.ndarray:
    """Pixels (H, W) whose next one along the axis is near them on the surface."""
    both = covered & np.roll(covered, -1, axis)
    squares = (differences**2).sum(axis=2)
    both &= squares > 0
    return both & (squares < JUMP * np.median(squares[both])) if both.any() else both


FACES, RAYS = 200, 16
"""Faces of each object from which rays are cast, and rays from each."""
SHARE = 95.0
"""Percentage of the surface that is thinner than the range: so one massive part does not darken all others."""
OFFSET = 1e-5
"""Start of rays below the surface, relative to the object's size."""


def usual_thickness(objects: Sequence[Object], depsgraph: Depsgraph, size: float) -> float:
    """Mean length of rays inwards, cosine-weighted, that most of evaluated objects' surface stays below.

    It is in Blender units, and `size` at most, which is also the length of rays that meet nothing.
    """
    found = [length for obj in objects for length in _lengths(obj, depsgraph, size)]
    return min(size, float(np.percentile(found, SHARE))) if found else size


def _lengths(obj: Object, depsgraph: Depsgraph, size: float) -> list[float]:
    """Mean length of the rays from each of some faces, evenly spread over the surface."""
    mesh = obj.evaluated_get(depsgraph).data
    areas = values_in(mesh.polygons, "area", (len(mesh.polygons),), np.float32).cumsum()
    if not len(areas) or not areas[-1] > 0:
        return []
    tree = BVHTree.FromObject(obj, depsgraph)
    to_world = obj.matrix_world.to_3x3()
    to_local = to_world.inverted_safe()
    chosen = np.searchsorted(areas, (np.arange(FACES) + 0.5) / FACES * areas[-1])
    found = []
    for index in chosen:
        face = mesh.polygons[min(int(index), len(mesh.polygons) - 1)]
        inwards = -(to_local.transposed() @ face.normal).normalized()
        start = face.center + to_local @ (inwards * OFFSET * size)
        turn = Vector((0, 0, 1)).rotation_difference(inwards)
        hits = [tree.ray_cast(start, to_local @ (turn @ one))[0] for one in _hemisphere()]
        lengths = [min(size, (to_world @ (hit - start)).length) if hit else size for hit in hits]
        found.append(sum(lengths) / RAYS)
    return found


def _hemisphere() -> list[Vector]:
    """Directions around +Z, as dense as their cosine: a spiral on the unit disc, raised to the sphere."""
    index = np.arange(RAYS) + 0.5
    radius, angle = np.sqrt(index / RAYS), index * np.pi * (3 - 5**0.5)
    points: np.ndarray = np.stack([radius * np.cos(angle), radius * np.sin(angle), np.sqrt(1 - radius**2)], axis=1)
    return [Vector(point) for point in points.tolist()]
