# SPDX-License-Identifier: GPL-3.0-or-later
"""The cage of a bake and what its rays missed, drawn in 3D views over the low objects while they are switched on.

It is only drawn: nothing is added to the scene. It ends with the file, and while it is off there is no draw handler.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader
from mathutils import Matrix, Vector

from ..bridge.meshes import values_in
from ..bridge.target import by_uid
from ..core.errors import ImpastoError
from ..interface.deferred import Deferred
from ..tools.form import values_in as settings_in
from ..windows import areas, redraw
from .objects.cage import Cage
from .objects.sets import BakeSet, chosen_sets
from .objects.warnings import question_about, sets_in
from .render.canvas import Misses, Point, temporary_scene
from .render.parts import cages_of, copied_parts
from .settings import OWN, BakeTargets

SHELL, WIRE, MISSED = (0.3, 0.6, 1.0, 0.18), (0.3, 0.6, 1.0, 0.7), (1.0, 0.1, 0.05, 1.0)
POINT_PX = 5.0
NEARER = Matrix(((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, -1e-5), (0, 0, 0, 1)))
"""Shift of depths, so that no point sinks into the surface that it lies on."""
POINT_SHADER = "UNIFORM_COLOR" if bpy.app.version < (4, 5) else "POINT_UNIFORM_COLOR"

Batch: TypeAlias = tuple[Any, Any, tuple[float, ...]]
"""A batch, and the shader and the colour that it is drawn with."""


@dataclass(frozen=True)
class Shell:
    """The cage of one low object, its triangles (T, 3) and edges (E, 2) as indices of its points."""

    cage: Cage
    triangles: np.ndarray
    edges: np.ndarray


@dataclass(frozen=True, eq=False)
class Shells:
    """The cages of all low objects, or the reason why there are none."""

    shells: tuple[Shell, ...] = ()
    error: str = ""


@dataclass
class _BakeOverlay:
    """State of what is drawn. batches: those of what `key` says."""

    handler: Any = None
    is_cage_on: bool = False
    are_misses_on: bool = False
    misses: list[tuple[tuple[int, ...], Misses]] = field(default_factory=list)
    key: tuple = ()
    batches: Sequence[Batch] = ()


_drawing = _BakeOverlay()


def is_cage_on() -> bool:
    return _drawing.is_cage_on


def are_misses_on() -> bool:
    return _drawing.are_misses_on


def missed_count() -> int:
    """Pixels that the last bake missed."""
    return sum(misses.count for _, misses in _drawing.misses)


def switch(*, cage: bool | None = None, misses: bool | None = None) -> None:
    """Turn the cage or the misses on or off, in all 3D views."""
    _drawing.is_cage_on = _drawing.is_cage_on if cage is None else cage
    _drawing.are_misses_on = _drawing.are_misses_on if misses is None else misses
    is_on = _drawing.is_cage_on or _drawing.are_misses_on
    if is_on and _drawing.handler is None and not bpy.app.background:
        _drawing.handler = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_VIEW")
    elif not is_on and _drawing.handler is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_drawing.handler, "WINDOW")
        _drawing.handler = None
    if not is_on:
        _drawing.key, _drawing.batches = (), ()
    _redraw()


def keep_misses(found: Sequence[tuple[tuple[int, ...], Misses]]) -> None:
    """Show what a bake missed: session ids of the objects of each set, and its misses."""
    _drawing.misses = [one for one in found if one[1].count]
    switch(misses=bool(_drawing.misses))


def missed_points() -> list[Vector]:
    """The missed points in the world, on the objects where they are now."""
    return [matrix @ Vector(point) for matrix, points in _placed_misses() for point in points]


def _placed_misses() -> list[tuple[Matrix, tuple[Point, ...]]]:
    """The missed points of each object that is still there, and its place."""
    return [
        (obj.matrix_world.copy().freeze(), points)
        for uids, misses in _drawing.misses
        for uid, points in zip(uids, misses.points, strict=False)
        if (obj := by_uid(bpy.data.objects, uid))
    ]


def shells_of(sets: Sequence[BakeSet]) -> Shells:
    """The cages that a bake of these sets would make, of copies that are removed again."""
    found: list[Shell] = []
    try:
        for bake_set in sets:
            found += _shells(bake_set)
    except ImpastoError as error:
        return Shells(error=str(error))
    return Shells(tuple(found))


def _shells(bake_set: BakeSet) -> list[Shell]:
    with temporary_scene() as (scene, temporary):
        parts = copied_parts(bake_set, [""] * len(bake_set.objects), scene, temporary)
        layer = scene.view_layers[0]
        layer.update()
        found = []
        for low, cage in cages_of(parts, bake_set, layer.depsgraph):
            low.data.calc_loop_triangles()
            triangles, edges = low.data.loop_triangles, low.data.edges
            found.append(
                Shell(
                    cage,
                    values_in(triangles, "vertices", (len(triangles), 3), np.int32),
                    values_in(edges, "vertices", (len(edges), 2), np.int32),
                )
            )
        return found


def _redraw() -> None:
    """Redraw all 3D views, and the panels."""
    for area in areas():
        if area.type == "VIEW_3D":
            area.tag_redraw()
    redraw()


shells = Deferred(lambda question: shells_of(sets_in(question)), _redraw)


def shells_now(context: bpy.types.Context) -> Shells | None:
    """The cages of the selected objects, as far as they are known. For drawing.

    The distances of the settings are left out, so that a cage follows its extrusion at once.
    """
    try:
        sets, _ = chosen_sets(context, BakeTargets(**settings_in(BakeTargets, context.scene.impasto_bake)))
    except ImpastoError as error:
        return Shells(error=str(error))
    measured = [
        replace(one, projections=tuple(replace(p, extrusion=0.0, ray_distance=0.0) for p in one.projections))
        for one in sets
    ]
    return shells.answer(question_about(measured))


def _draw() -> None:
    """Draw over the 3D view that Blender is drawing; after an error, never again."""
    try:
        if bpy.context.space_data.overlay.show_overlays:
            _draw_all(bpy.context)
    except Exception:  # noqa: BLE001 - it would be raised again with each redraw of the view
        print(traceback.format_exc(), file=sys.stderr)
        bpy.app.timers.register(partial(switch, cage=False, misses=False), first_interval=0.0)


def _draw_all(context: bpy.types.Context) -> None:
    settings = context.scene.impasto_bake
    found = shells_now(context) if _drawing.is_cage_on and settings.surface != OWN else None
    key = (found, settings.extrusion, _placed_misses() if _drawing.are_misses_on else [])
    if key != _drawing.key:
        points = missed_points() if _drawing.are_misses_on else []
        _drawing.batches = [*_cage_batches(found or Shells(), settings.extrusion), *_point_batches(points)]
        _drawing.key = key
    gpu.state.blend_set("ALPHA")
    gpu.state.depth_test_set("LESS_EQUAL")
    gpu.state.point_size_set(POINT_PX * context.preferences.system.ui_scale)
    with gpu.matrix.push_pop_projection():
        gpu.matrix.load_projection_matrix(NEARER @ gpu.matrix.get_projection_matrix())
        for batch, shader, color in _drawing.batches:
            shader.bind()
            shader.uniform_float("color", color)
            batch.draw(shader)
    gpu.state.point_size_set(1.0)
    gpu.state.depth_test_set("NONE")
    gpu.state.blend_set("NONE")


def _cage_batches(found: Shells, extrusion: float) -> Sequence[Batch]:
    """The shell and the wires of each cage."""
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    batches = []
    for one in found.shells:
        places = {"pos": one.cage.points(extrusion).astype("float32")}
        batches.append((batch_for_shader(shader, "TRIS", places, indices=one.triangles), shader, SHELL))
        batches.append((batch_for_shader(shader, "LINES", places, indices=one.edges), shader, WIRE))
    return batches


def _point_batches(points: Sequence[Vector]) -> Sequence[Batch]:
    if not points:
        return []
    shader = gpu.shader.from_builtin(POINT_SHADER)
    return [(batch_for_shader(shader, "POINTS", {"pos": list(points)}), shader, MISSED)]


class IMPASTO_OT_show_cage(bpy.types.Operator):
    """Draw where rays begin round the low objects, in all 3D views"""

    bl_label = "Show Cage"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        switch(cage=not _drawing.is_cage_on)
        return {"FINISHED"}


class IMPASTO_OT_show_misses(bpy.types.Operator):
    """Draw the pixels of the last bake that show no high object, as points on the low objects, in all 3D views"""

    bl_label = "Show Missed Pixels"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        switch(misses=not _drawing.are_misses_on)
        return {"FINISHED"}


def _file_opened(*_: object) -> None:
    keep_misses(())
    switch(cage=False)


HANDLERS = (("load_pre", _file_opened),)


def unregister() -> None:
    _file_opened()
