# SPDX-License-Identifier: GPL-3.0-or-later
"""Remedies of warnings by one click: Blender's own operators on the object that the warning names, and on no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import bpy

from ...core.errors import ImpastoError, ParameterError
from ...jobs.operator import clicked_panel, report_result
from ...jobs.session import jobs
from ...jobs.task import Place, TaskReport, error_report
from .warnings import LOCAL, SCALE, SHOW, SINGLE, TURN, UNWRAP

ISLAND_MARGIN = 0.02
"""Between islands, so that margins have room."""


@dataclass(frozen=True)
class Remedy:
    """The label and icon of a button, and what it does to the object that is selected alone."""

    label: str
    icon: str
    apply: Callable[[bpy.types.Object], object]


def _unwrap(obj: bpy.types.Object) -> None:
    """Smart UV Project of all faces."""
    _edit(obj, lambda: bpy.ops.uv.smart_project(island_margin=ISLAND_MARGIN))


def _turn(obj: bpy.types.Object) -> None:
    """Recalculate Outside of all faces."""
    _edit(obj, lambda: bpy.ops.mesh.normals_make_consistent(inside=False))


def _edit(obj: bpy.types.Object, operate: Callable[[], object]) -> None:
    """Do something in edit mode with all faces selected; the selection within the mesh stays as it was."""
    mesh = obj.data
    before = [[one.select for one in items] for items in (mesh.vertices, mesh.edges, mesh.polygons)]
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        bpy.ops.mesh.select_all(action="SELECT")
        operate()
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
    for items, selected in zip((mesh.vertices, mesh.edges, mesh.polygons), before, strict=True):
        items.foreach_set("select", selected)


REMEDIES = {
    SHOW: Remedy(
        label="Show in Renders", icon="RESTRICT_RENDER_OFF", apply=lambda obj: setattr(obj, "hide_render", False)
    ),
    SCALE: Remedy(
        label="Apply Scale",
        icon="CON_SIZELIKE",
        apply=lambda _: bpy.ops.object.transform_apply(location=False, rotation=False, scale=True),
    ),
    UNWRAP: Remedy(label="Unwrap", icon="UV", apply=_unwrap),
    TURN: Remedy(label="Recalculate Outside", icon="NORMALS_FACE", apply=_turn),
    LOCAL: Remedy(
        label="Make Local", icon="LIBRARY_DATA_DIRECT", apply=lambda _: bpy.ops.object.make_local(type="SELECT_OBJECT")
    ),
    SINGLE: Remedy(
        label="Make Single User",
        icon="DUPLICATE",
        apply=lambda _: bpy.ops.object.make_single_user(type="SELECTED_OBJECTS", obdata=True),
    ),
}


class IMPASTO_OT_bake_remedy(bpy.types.Operator):
    """Do what the warning advises to the object that it names, and to no other"""

    bl_label = "Apply Remedy"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012

    uid: bpy.props.IntProperty(options={"HIDDEN"})
    remedy: bpy.props.EnumProperty(
        items=[(name, one.label, "", one.icon, at) for at, (name, one) in enumerate(REMEDIES.items())],
        options={"HIDDEN"},
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        chosen = REMEDIES[self.remedy]
        try:
            with _alone(context, self.uid) as obj:
                chosen.apply(obj)
        except (ImpastoError, RuntimeError) as error:  # so Blender's operators say that they cannot
            said = error if isinstance(error, ImpastoError) else _of_blender(chosen, error)
            report = error_report(said)
            jobs.show_report(report, clicked_panel(context, Place.BAKE))
            return report_result(self, report)
        return report_result(self, TaskReport("INFO", f"{chosen.label}: {obj.name}"))


def _of_blender(chosen: Remedy, error: RuntimeError) -> ImpastoError:
    reason = str(error).strip().partition("\n")[0].removeprefix("Error: ")
    return ImpastoError(f"{chosen.label} did not work: {reason}", "do it by Blender's own menus, or bake as it is")


@contextmanager
def _alone(context: bpy.types.Context, uid: int) -> Iterator[bpy.types.Object]:
    """The object of this session id, selected alone, active and in object mode meanwhile.

    Not by an override of the context, in which operators crash beside the threads of a worker.
    """
    layer = context.view_layer
    obj = next((one for one in layer.objects if one.session_uid == uid), None)
    if obj is None:
        raise ParameterError("The object is not in this view layer", "select it again")
    active = layer.objects.active
    selected, mode = [one.session_uid for one in layer.objects.selected], active.mode if active else "OBJECT"
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    try:
        _select(layer, [uid], obj)
        if not obj.select_get():
            raise ParameterError(f"{obj.name} is hidden in the viewport", "show it there, so that it can be selected")
        yield obj
    finally:
        _select(layer, selected, active)
        if mode != "OBJECT":
            bpy.ops.object.mode_set(mode=mode)


def _select(layer: bpy.types.ViewLayer, uids: list[int], active: bpy.types.Object | None) -> None:
    """Select the objects of these session ids, and no other."""
    for one in layer.objects:
        one.select_set(one.session_uid in uids)
    layer.objects.active = active
