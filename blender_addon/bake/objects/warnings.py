# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings about a bake, each with its remedy: panels show them before it begins, and reports repeat them.

Warnings about objects need the open file, and those about UVs evaluated meshes: for panels they are computed between
redraws.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import bpy
import numpy as np
from bpy.types import Mesh, Object
from mathutils.bvhtree import BVHTree

from ...bridge.meshes import values_in
from ...bridge.target import NEW
from ...core.errors import ImpastoError, Message
from ...interface.deferred import Deferred
from ..render.canvas import NO_TILES, Tiles, tiles_of
from ..settings import NAMED, SELECTED, BakeOptions, BakeTargets, ImpastoBakeSettings, base_of
from .checks import check, check_evaluated, check_high, check_local, check_object
from .sets import BakeSet

EDGE = 1e-4
UNEVEN = 1e-3
"""Difference between scales along the axes, relative to the least, that is no rounding."""
FLAT = 1e-12
"""Twice the area of a triangle of UVs that has none."""
MOST_TRIANGLES = 100_000
"""Limit of the search for overlaps, which would take longer than the bake above it."""
MOST_BEFORE = 30_000
"""Limit of the search before a bake: 0.2 s."""
MOST_NAMES = 3
COPYING = ("ARRAY", "MIRROR", "SCREW", "SOLIDIFY")
"""Modifiers that give new faces the UVs of others."""
SHOW, SCALE, UNWRAP, LOCAL, SINGLE, TURN = "SHOW", "SCALE", "UNWRAP", "LOCAL", "SINGLE", "TURN"


@dataclass(frozen=True)
class BakeWarning:
    """A sentence with its remedy. uid: session id of the object to which a click applies `remedy`, if there is one.

    stops: nothing is baked before.
    """

    text: str
    uid: int = 0
    remedy: str = ""
    stops: bool = False


def warnings_before(
    bake_set: BakeSet, options: BakeOptions, depsgraph: bpy.types.Depsgraph, *, assigns: bool
) -> Iterator[BakeWarning]:
    """All warnings about a set before its bake, with modifiers as in the viewport. assigns: materials are replaced."""
    yield from object_warnings(bake_set, assigns=assigns)
    evaluated = [obj.evaluated_get(depsgraph) for obj in bake_set.objects]
    meshes: list[tuple[Mesh, str]] = []
    try:
        for obj in bake_set.sources if bake_set.projections else ():
            check_high(obj, needs_material=options.need_materials)
        for obj, one in zip(bake_set.objects, evaluated, strict=True):
            uv_map = check(obj, options, needs_material=not bake_set.projections, slots=bake_set.slots)
            meshes.append((one.to_mesh(), uv_map))
            check_evaluated(obj, meshes[-1][0], uv_map)
        tiles = tiles_of(meshes) if bake_set.use_tiles else NO_TILES
        names = [obj.name for obj in bake_set.objects]
        yield from map(BakeWarning, uv_notes(names, meshes, tiles, MOST_BEFORE))
    except ImpastoError as error:
        yield BakeWarning(str(error), stops=True)
    finally:
        for one in evaluated[: len(meshes)]:
            one.to_mesh_clear()


def unwrap_warnings(context: bpy.types.Context, targets: BakeTargets) -> Iterator[BakeWarning]:
    """Errors of meshes that could be baked to if they had UVs. Cheap enough for a panel."""
    for obj in dict.fromkeys((context.active_object, *context.selected_objects)):
        if obj is None or obj.type != "MESH" or obj.data.uv_layers:
            continue
        is_low = {SELECTED: obj == context.active_object, NAMED: bool(base_of(obj.name, targets.low_suffix))}
        if is_low.get(targets.surface, any(slot.material for slot in obj.material_slots)):
            try:
                check_object(obj, needs_material=False)
            except ImpastoError as error:
                yield BakeWarning(str(error), obj.session_uid, UNWRAP, stops=True)


def object_warnings(bake_set: BakeSet, *, assigns: bool) -> Iterator[BakeWarning]:
    """Warnings about the objects of a set as they are in the open file. assigns: their materials are replaced."""
    for obj in bake_set.objects:
        if obj.hide_render:
            remedy = "show it, or leave it out of the selection"
            text = Message("{} is hidden in renders, but is baked; {}", obj.name, remedy)
            yield BakeWarning(text, obj.session_uid, SHOW)
        for modifier in obj.modifiers:
            if modifier.type in COPYING and modifier.show_render and not _moves_uvs(modifier):
                remedy = "apply it and unwrap them, if they should look different"
                text = "the modifier {} of {} makes faces that share pixels with others; {}"
                yield BakeWarning(Message(text, modifier.name, obj.name, remedy))
        if assigns:
            yield from _assigning_warnings(obj, bake_set)
    for obj in dict.fromkeys((*bake_set.objects, *bake_set.sources)):
        yield from _scale_warnings(obj)
        if _is_inside_out(obj.data):
            remedy = "turn them (Mesh > Normals > Recalculate Outside)"
            yield BakeWarning(Message("the faces of {} point inwards; {}", obj.name, remedy), obj.session_uid, TURN)


def _moves_uvs(modifier: bpy.types.Modifier) -> bool:
    """Whether a modifier gives its new faces UVs of their own."""
    moves = ("offset_u", "offset_v", "mirror_offset_u", "mirror_offset_v", "use_mirror_u", "use_mirror_v")
    return any(getattr(modifier, name, 0) for name in moves)


def _assigning_warnings(obj: Object, bake_set: BakeSet) -> Iterator[BakeWarning]:
    """Warnings about an object whose materials are replaced."""
    try:
        check_local(obj)
    except ImpastoError as error:
        yield BakeWarning(str(error), obj.session_uid, LOCAL, stops=True)
        return
    if not obj.data.is_editable or obj.data.users == 1 or all(slot.link == "OBJECT" for slot in obj.material_slots):
        return
    others = [one.name for one in bpy.data.objects if one.data == obj.data and one not in bake_set.objects]
    if others:
        named = ", ".join(others[:MOST_NAMES]) + (", …" if len(others) > MOST_NAMES else "")
        remedy = "make it a single user (Object > Relations)"
        text = "the mesh of {} is also that of {}, whose material is replaced, too; {}"
        text = Message(text, obj.name, named, remedy)
        yield BakeWarning(text, obj.session_uid, SINGLE)


def _scale_warnings(obj: Object) -> Iterator[BakeWarning]:
    scale, text = obj.matrix_world.to_scale(), ""
    if obj.matrix_world.is_negative:
        text = "{} is mirrored by a negative scale; apply it (Object > Apply > Scale) if its normals are wrong"
        text = Message(text, obj.name)
    elif max(scale) > (1 + UNEVEN) * min(scale):
        text = Message("{} is scaled unevenly; apply it (Object > Apply > Scale) if its normals are wrong", obj.name)
    if text:
        yield BakeWarning(text, obj.session_uid, SCALE)


def _is_inside_out(mesh: Mesh) -> bool:
    """Whether a mesh is closed and has a negative volume."""
    count = len(mesh.polygons)
    uses = np.bincount(values_in(mesh.loops, "edge_index", (len(mesh.loops),), np.int32), minlength=len(mesh.edges))
    if not count or (uses != 2).any():
        return False
    centres, normals = (values_in(mesh.polygons, name, (count, 3), np.float32) for name in ("center", "normal"))
    heights = ((centres - centres.mean(axis=0)) * normals).sum(axis=1)
    return float(heights @ values_in(mesh.polygons, "area", (count,), np.float32)) < 0


def uv_notes(
    names: Sequence[str], meshes: Sequence[tuple[Mesh, str]], tiles: Tiles, most: int = MOST_TRIANGLES
) -> Iterator[str]:
    """Warnings about the UVs of each evaluated mesh of a set, and of all of them together.

    most: number of triangles above which no overlaps are looked for.
    """
    for name, mesh in zip(names, meshes, strict=True):
        yield from (Message("{}: {}", name, note) for note in _uv_notes(*mesh, tiles, most))
    if len(meshes) > 1:
        yield from _shared_notes(names, meshes, tiles, most)


def _shared_notes(names: Sequence[str], meshes: Sequence[tuple[Mesh, str]], tiles: Tiles, most: int) -> Iterator[str]:
    """A warning about objects whose islands overlap those of others."""
    corners = [_stacked(*_triangles(*one, tiles)[:2]) for one in meshes]
    owners = np.repeat(np.arange(len(meshes)), [len(one) for one in corners])
    if len(owners) <= most and (found := overlapping_faces(np.concatenate(corners), owners)):
        shared = ", ".join(names[index] for index in sorted(found))
        yield Message("the UV islands of {} overlap; they share pixels, where the last one's stay", shared)


def _triangles(mesh: Mesh, uv_map: str, tiles: Tiles) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """UVs (T, 3, 2) of the triangles of a mesh in their squares, the squares' rows (T), and the face (T) of each."""
    mesh.calc_loop_triangles()
    count = len(mesh.loop_triangles)
    loops = values_in(mesh.loop_triangles, "loops", (count, 3), np.int32)
    faces = values_in(mesh.loop_triangles, "polygon_index", (count,), np.int32)
    uvs, rows = tiles.squares(mesh, uv_map)
    return uvs[loops], rows[loops[:, 0]], faces


def _stacked(corners: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Triangles (T, 3, 2) in squares one above the other."""
    return corners + np.stack([0 * rows, rows], axis=-1)[:, None]


def _uv_notes(mesh: Mesh, uv_map: str, tiles: Tiles, most: int) -> Iterator[str]:
    """Warnings, with the number of faces, about an evaluated mesh's UVs."""
    total = len(mesh.polygons)
    if not total:
        return
    corners, rows, faces = _triangles(mesh, uv_map, tiles)
    outside = np.unique(faces[((corners < -EDGE) | (corners > 1 + EDGE)).any(axis=(1, 2))]).size
    if outside:
        text = "{} of {} faces reach out of the 0–1 square of {}; what is outside is not baked"
        yield Message(text, outside, total, uv_map)
    flat = np.bincount(faces, _areas(corners), minlength=total) <= FLAT
    if flat.any():
        text = "{} of {} faces have no area in {}, and are not baked; unwrap them"
        yield Message(text, int(flat.sum()), total, uv_map)
    if len(faces) > most:
        yield Message("{} triangles are too many to look for overlapping UVs", len(faces))
        return
    overlapping = len(overlapping_faces(_stacked(corners, rows), faces))
    if overlapping:
        text = "{} of {} faces overlap others in {}; they share pixels; {}"
        remedy = "pack the islands (UV > Pack Islands), unless that is meant"
        yield Message(text, overlapping, total, uv_map, remedy)


def _areas(corners: np.ndarray) -> np.ndarray:
    """Twice the areas (T) of triangles (T, 3, 2)."""
    return np.abs(np.linalg.det((corners[:, 1:] - corners[:, :1]).astype(np.float64)))


def overlapping_faces(corners: np.ndarray, faces: np.ndarray) -> set[int]:
    """Faces whose triangles' centres (corners: T, 3, 2) lie in another face's triangle, and those other faces."""
    has_area = _areas(corners) > FLAT
    corners, faces = corners[has_area], faces[has_area]
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


def question_about(sets: Sequence[BakeSet], **settings: object) -> str:
    """The sets, with session ids for objects, and settings as JSON."""
    return json.dumps({"sets": [one.to_json(lambda obj: str(obj.session_uid)) for one in sets], **settings})


def sets_in(question: str) -> list[BakeSet]:
    """The sets that a question is about; none where an object was deleted meanwhile."""
    objects = {str(obj.session_uid): obj for obj in bpy.data.objects}
    try:
        return [BakeSet.from_json(one, objects) for one in json.loads(question)["sets"]]
    except KeyError:
        return []


def _warnings(question: str) -> list[BakeWarning]:
    about = json.loads(question)
    options = BakeOptions(uv_map=about["uv_map"], maps=tuple(about["maps"]))
    depsgraph = bpy.context.evaluated_depsgraph_get()
    sets = sets_in(question)
    return [found for one in sets for found in warnings_before(one, options, depsgraph, assigns=about["assigns"])]


deferred_warnings = Deferred(_warnings)


def warnings_of(sets: Sequence[BakeSet], settings: ImpastoBakeSettings) -> list[BakeWarning]:
    """Warnings about the sets, as far as they are known. For drawing."""
    if not sets:
        return []
    maps = BakeOptions.of(settings).maps
    question = question_about(sets, uv_map=settings.uv_map, maps=maps, assigns=settings.material == NEW)
    return deferred_warnings.answer(question) or []
