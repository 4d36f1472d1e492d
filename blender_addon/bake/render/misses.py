# SPDX-License-Identifier: GPL-3.0-or-later
"""Pixels of low objects whose rays meet no high one: how many there are, and where they lie on the objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from bpy.types import Mesh
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from mathutils.geometry import barycentric_transform

from ...bridge.meshes import values_in
from ...core.errors import ParameterError
from ..objects.sets import Projection
from .tiles import Tiles

REMEDIES = {
    (True, True): "set Extrusion and Ray Distance to 0, so that they are found, or raise them",
    (True, False): "set Extrusion to 0, so that it is found, or raise it",
    (False, True): "set Ray Distance to 0, so that it is found, or raise it",
    (False, False): "let the high objects cover the low one, or set Extrusion and Ray Distance by hand",
}
"""The remedies, by whether Extrusion and Ray Distance are set."""
MOST_POINTS = 4000
"""Limit of the points that are kept, an even selection: more could not be told apart."""

Point: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class Misses:
    """Number of missed pixels, and points where they lie, for each object of the set in its own space."""

    count: int = 0
    points: tuple[tuple[Point, ...], ...] = ()


NO_MISSES = Misses()


def remedy_for(projections: Sequence[Projection]) -> str:
    """The remedy against misses of low objects that are baked with these distances."""
    are_set = any(one.extrusion > 0 for one in projections), any(one.ray_distance > 0 for one in projections)
    return REMEDIES[are_set]


def check_missed(missed: np.ndarray, covered: np.ndarray, remedy: str) -> None:
    """Raise ParameterError if all pixels of low objects (H, W) are missed."""
    if covered.any() and missed.sum() == covered.sum():
        raise ParameterError("no ray from the low objects meets a high one", remedy)


def missed_notes(missed: np.ndarray, covered: np.ndarray, remedy: str) -> list[str]:
    """A note on the missed pixels (H, W) of low objects."""
    count, total = int(missed.sum()), int(covered.sum())
    note = f"{count} of {total} pixels show no high object, and are filled from those around them; {remedy}"
    return [note] if count else []


def misses_on(meshes: Sequence[tuple[Mesh, str]], tiles: Tiles, missed: np.ndarray) -> Misses:
    """The missed pixels (H, W), row 0 at the bottom, on evaluated meshes with the UV map of each."""
    height, width = missed.shape
    rows, columns = np.nonzero(missed)
    step = -(-len(rows) // MOST_POINTS) or 1
    places = np.stack([(columns[::step] + 0.5) / width, (rows[::step] + 0.5) / height], axis=1).tolist()
    found: list[tuple[Point, ...]] = []
    for mesh, uv_map in meshes:
        mesh.calc_loop_triangles()
        count = len(mesh.loop_triangles)
        corners = values_in(mesh.loop_triangles, "loops", (count, 3), np.int32)
        vertices = values_in(mesh.loop_triangles, "vertices", (count, 3), np.int32)
        uvs = np.pad(tiles.canvas(mesh, uv_map), ((0, 0), (0, 1)))
        tree = BVHTree.FromPolygons(uvs.tolist(), corners.tolist())
        hits = [tree.find_nearest((*place, 0.0), 1.5 / min(width, height)) for place in places]
        found.append(
            tuple(
                _on_surface(mesh, hit[0], uvs[corners[hit[2]]].tolist(), vertices[hit[2]].tolist())
                for hit in hits
                if hit[0] is not None
            )
        )
    return Misses(int(missed.sum()), tuple(found))


def _on_surface(mesh: Mesh, place: Vector, uvs: Sequence[Point], vertices: Sequence[int]) -> Point:
    """The point of a triangle of a mesh that lies at a place of its UVs."""
    corners = [mesh.vertices[index].co for index in vertices]
    return tuple(barycentric_transform(place, *map(Vector, uvs), *corners))
