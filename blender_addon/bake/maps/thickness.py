# SPDX-License-Identifier: GPL-3.0-or-later
"""Thickness that objects have at most places: the range of a thickness map where none is set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from bpy.types import Depsgraph, Object
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from ...bridge.meshes import values_in

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
