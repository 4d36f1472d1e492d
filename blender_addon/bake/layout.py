# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes on a set: faces outside the UV square, faces and objects that overlap, and scales that bend rays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bpy.types import Mesh
from mathutils import Matrix
from mathutils.bvhtree import BVHTree

from ..bridge.meshes import values_in
from .parts import evaluated_meshes
from .scene import BakeScene
from .sets import BakeSet
from .tiles import Tiles

if TYPE_CHECKING:
    import numpy as np

EDGE = 1e-4
UNEVEN = 1e-3
"""Difference between scales along the axes, relative to the least, that is no rounding."""
MOST_TRIANGLES = 100_000
"""Limit of the search for overlaps, which would take longer than the bake above it."""


def set_notes(made: BakeScene, given: BakeSet) -> Iterator[str]:
    """Warnings about the UVs of each object of a set, and of all of them together, and about their scales."""
    meshes = evaluated_meshes(made.scene, made.parts)
    if len(meshes) == 1:
        yield from uv_notes(*meshes[0], made.tiles)
    else:
        for part, mesh in zip(made.parts, meshes, strict=True):
            yield from (f"{part.name}: {note}" for note in uv_notes(*mesh, made.tiles))
        yield from _shared_notes([part.name for part in made.parts], meshes, made.tiles)
    depsgraph = made.scene.view_layers[0].depsgraph
    for one, part in zip(given.projections, made.parts, strict=False):  # none where objects show themselves
        names, copies = [part.name, *(high.name for high in one.highs)], [part.subject, *part.highs]
        for name, copy in zip(names, copies, strict=True):
            yield from _scale_notes(name, copy.evaluated_get(depsgraph).matrix_world)


def _scale_notes(name: str, matrix: Matrix) -> Iterator[str]:
    scale = matrix.to_scale()
    if matrix.is_negative:
        yield f"{name} is mirrored by a negative scale; apply it (Object > Apply > Scale) if its normals are wrong"
    elif max(scale) > (1 + UNEVEN) * min(scale):
        yield f"{name} is scaled unevenly; apply it (Object > Apply > Scale) if its normals are wrong"


def _shared_notes(names: Sequence[str], meshes: Sequence[tuple[Mesh, str]], tiles: Tiles) -> Iterator[str]:
    """A warning about objects whose islands overlap those of others."""
    import numpy as np

    corners = [_stacked(*_triangles(*one, tiles)[:2]) for one in meshes]
    owners = np.repeat(np.arange(len(meshes)), [len(one) for one in corners])
    if len(owners) <= MOST_TRIANGLES and (found := overlapping_faces(np.concatenate(corners), owners)):
        shared = ", ".join(names[index] for index in sorted(found))
        yield f"the UV islands of {shared} overlap; they share pixels, where the last one's stay"


def _triangles(mesh: Mesh, uv_map: str, tiles: Tiles) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """UVs (T, 3, 2) of the triangles of a mesh in their squares, the squares' rows (T), and the face (T) of each."""
    import numpy as np

    mesh.calc_loop_triangles()
    count = len(mesh.loop_triangles)
    loops = values_in(mesh.loop_triangles, "loops", (count, 3), np.int32)
    faces = values_in(mesh.loop_triangles, "polygon_index", (count,), np.int32)
    uvs, rows = tiles.squares(mesh, uv_map)
    return uvs[loops], rows[loops[:, 0]], faces


def _stacked(corners: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Triangles (T, 3, 2) in squares one above the other."""
    import numpy as np

    return corners + np.stack([0 * rows, rows], axis=-1)[:, None]


def uv_notes(mesh: Mesh, uv_map: str, tiles: Tiles) -> Iterator[str]:
    """Warnings, with the number of faces, about an evaluated mesh's UVs."""
    import numpy as np

    total = len(mesh.polygons)
    if not total:
        return
    corners, rows, faces = _triangles(mesh, uv_map, tiles)
    outside = np.unique(faces[((corners < -EDGE) | (corners > 1 + EDGE)).any(axis=(1, 2))]).size
    if outside:
        yield f"{outside} of {total} faces reach out of the 0–1 square of {uv_map}; what is outside is not baked"
    if len(faces) > MOST_TRIANGLES:
        yield f"{len(faces)} triangles are too many to look for overlapping UVs"
        return
    overlapping = len(overlapping_faces(_stacked(corners, rows), faces))
    if overlapping:
        yield f"{overlapping} of {total} faces overlap others in {uv_map}; they share pixels"


def overlapping_faces(corners: np.ndarray, faces: np.ndarray) -> set[int]:
    """Faces whose triangles' centres (corners: T, 3, 2) lie in another face's triangle, and those other faces."""
    import numpy as np

    edges = corners[:, 1:] - corners[:, :1]
    areas = np.abs(np.linalg.det(edges.astype(np.float64)))
    corners, faces = corners[areas > 1e-12], faces[areas > 1e-12]
    if not len(faces):
        return set()
    points = np.pad(corners.reshape(-1, 2), ((0, 0), (0, 1)))
    tree = BVHTree.FromPolygons(points.tolist(), np.arange(len(points)).reshape(-1, 3).tolist())
    centres = np.pad(corners.mean(axis=1), ((0, 0), (0, 1)))
    found: set[int] = set()
    for centre, face in zip(centres.tolist(), faces.tolist(), strict=True):
        others = {int(faces[hit[2]]) for hit in tree.find_nearest_range(centre, 1e-7)} - {face}
        if others:
            found |= others | {face}
    return found
