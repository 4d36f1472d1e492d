# SPDX-License-Identifier: GPL-3.0-or-later
"""The Bake panel in each editor, with buttons that apply the remedies of warnings.

A remedy is one of Blender's own operators, on the object that the warning names and on no other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import bpy

from ..core.errors import ImpastoError, Message, ParameterError
from ..interface.drawing import draw_text, poll_message
from ..jobs.operator import clicked_panel, report_result
from ..jobs.session import jobs
from ..jobs.task import Place, TaskReport, error_report
from ..tools.form import values_in
from ..tools.lists import BAKE
from ..tools.panel import Tab, draw_run, in_editors, section
from ..translations.texts import sentence
from . import overlay
from .files import SEPARATE
from .maps.geometry import CURVATURE_MAPS
from .objects.sets import BakeSet, chosen_sets
from .objects.warnings import LOCAL, SCALE, SHOW, SINGLE, TURN, UNWRAP, BakeWarning, unwrap_warnings, warnings_of
from .process.costs import estimate
from .settings import GROUPS, NAMED, OWN, SELECTED, BakeOptions, BakeTargets, ImpastoBakeSettings

ISLAND_MARGIN = 0.02
"""Distance between UV islands in UV units, which leaves room for the margins of bakes."""


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
        return report_result(self, TaskReport("INFO", Message("{}: {}", chosen.label, obj.name)))


def _of_blender(chosen: Remedy, error: RuntimeError) -> ImpastoError:
    reason = str(error).strip().partition("\n")[0].removeprefix("Error: ")
    return ImpastoError("{} did not work: {}", "do it by Blender's own menus, or bake as it is", chosen.label, reason)


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
            raise ParameterError("{} is hidden in the viewport", "show it there, so that it can be selected", obj.name)
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


FIRST = ("surface", "extrusion", "ray_distance", "width_px", "height_px", "material")
"""Settings that are changed most."""
OF_MAPS = ("maps", "inputs")
OF_FILES = ("preset", "file_format", "pattern", "replace")
"""Settings that matter only where a folder is chosen."""
MOST_WARNINGS = 8
SHOWN_FOR = {
    **dict.fromkeys(("target", "objects"), (OWN, NAMED)),
    **dict.fromkeys(("extrusion", "ray_distance", "cage_suffix"), (SELECTED, NAMED)),
    **dict.fromkeys(("low_suffix", "high_suffix"), (NAMED,)),
}
"""Surfaces for which a setting has an effect. Settings that are not listed have one for all surfaces."""


class BakePanel(Tab):
    """Base of the panel: `in_editors` makes a class of it for each editor."""

    bl_label = "Bake"
    place = Place.BAKE
    intents = (BAKE,)

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        draw_bake(layout, context)


PANELS = in_editors(BakePanel, "bake")


def draw_bake(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings = context.scene.impasto_bake
    hidden = {"rna_type", "name", *OF_FILES, *_without_effect(settings)}
    names = [name for name in settings.bl_rna.properties.keys() if name not in hidden]  # noqa: SIM118 - no dictionary
    column = layout.column()
    for name in FIRST:
        if name in names:
            column.prop(settings, name)
    draw_run(layout, "impasto.bake", Place.BAKE, "RENDER_STILL")  # above what comes and goes with the selection
    _draw_overlays(layout, context)
    _draw_baked_objects(layout, context)
    if body := section(layout, "impasto_bake_maps", "Maps", closed=True):
        _draw_maps(body, settings)
    others = [name for name in names if name not in (*FIRST, *OF_MAPS)]
    if body := section(layout, "impasto_bake_options", "Options", closed=True):
        _draw_others(body, settings, others)


def _draw_others(layout: bpy.types.UILayout, settings: ImpastoBakeSettings, names: Sequence[str]) -> None:
    """Draw the settings that are changed seldom, and those of files where there is a folder."""
    column = layout.column()
    for name in names:
        column.prop(settings, name)
    if settings.out_dir:
        for name in OF_FILES:
            if name != "pattern" or settings.preset == SEPARATE:  # an engine names its files
                column.prop(settings, name)


def _draw_overlays(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the switches of what 3D views show of a bake from high to low, and why there is no cage."""
    column, has_cage = layout.column(align=True), context.scene.impasto_bake.surface != OWN
    if has_cage:
        column.operator("impasto.show_cage", icon="MOD_LATTICE", depress=overlay.is_cage_on())
    if count := overlay.missed_count():
        text = sentence("Show {} missed pixels", count)
        column.operator("impasto.show_misses", text=text, icon="POINTCLOUD_DATA", depress=overlay.are_misses_on())
    found = overlay.shells_now(context) if has_cage and overlay.is_cage_on() else None
    if found and found.error and found.error != poll_message("impasto.bake"):
        draw_text(layout, found.error, "INFO")


def _without_effect(settings: ImpastoBakeSettings) -> set[str]:
    """Names of settings that have no effect with the present values of the others."""
    idle = {name for name, surfaces in SHOWN_FOR.items() if settings.surface not in surfaces}
    if not settings.margin_px:
        idle.add("margin_type")
    if not settings.maps & CURVATURE_MAPS.keys():
        idle.add("edge_radius")
    if "thickness" not in settings.maps:
        idle.add("thickness_range")
    return idle


def _draw_maps(layout: bpy.types.UILayout, settings: ImpastoBakeSettings) -> None:
    """Draw a switch for each map, under the headings of their groups."""
    for group in GROUPS:
        layout.label(text=group.heading)
        grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
        grid.use_property_split = False  # else each name stands twice, and is cut both times
        for name in group.names:
            grid.prop_enum(settings, "maps", name)
    layout.prop(settings, "inputs")


def _draw_baked_objects(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """List the objects to bake if several are selected, with the objects whose surfaces they show, and all warnings."""
    settings = context.scene.impasto_bake
    targets = BakeTargets(**values_in(BakeTargets, settings))
    sets: Sequence[BakeSet] = ()
    notes: Sequence[str] = ()
    refused = ""
    try:
        options = BakeOptions.of(settings)
        sets, notes = chosen_sets(context, targets, need_materials=options.need_materials)
        draw_text(layout, _estimate(context, len(sets)), "TIME")
    except ImpastoError as error:  # the button says why
        refused = str(error)
    names = [name for one in sets for name in _baked_names(one)]
    if len(names) + len(notes) > 1 or any(one.projections for one in sets):
        draw_text(layout, ", ".join(names), "MESH_DATA")
        for note in notes:
            draw_text(layout, note, "INFO")
    _draw_warnings(layout, [*unwrap_warnings(context, targets), *warnings_of(sets, settings)], {refused, *notes})


def _draw_warnings(layout: bpy.types.UILayout, found: Sequence[BakeWarning], said: Collection[str]) -> None:
    """Draw warnings with buttons of remedies, those that stop the bake first. said: texts shown above."""
    for one in sorted(found, key=lambda one: not one.stops)[:MOST_WARNINGS]:
        if one.text not in said and Message("left out: {}", one.text.partition("; ")[0]) not in said:
            draw_text(layout, one.text, "ERROR" if one.stops else "INFO")
        if one.remedy:
            row, remedy = layout.row(), REMEDIES[one.remedy]
            row.label(icon="BLANK1")
            button = row.operator("impasto.bake_remedy", text=remedy.label, icon=remedy.icon)
            button.uid, button.remedy = one.uid, one.remedy
    if len(found) > MOST_WARNINGS:
        draw_text(layout, Message("{} more warnings", len(found) - MOST_WARNINGS), "INFO")


def _estimate(context: bpy.types.Context, sets: int) -> str:
    """Time and memory of a bake of this many sets."""
    settings = context.scene.impasto_bake
    try:
        said = estimate(BakeOptions.of(settings), sets)
    except ParameterError as error:  # an input that the shader lacks
        return str(error)
    said += "; more with several tiles" if settings.use_tiles else ""
    return Message("{}; less for each map that is kept", said) if settings.only_changed else said


def _baked_names(bake_set: BakeSet) -> list[str]:
    """The name of each object of a set, after those of the objects whose surface it shows."""
    highs = [" + ".join(high.name for high in one.highs) for one in bake_set.projections]
    names = [item.name for item in bake_set.objects]
    return [f"{high} → {low}" for high, low in zip(highs, names, strict=True)] if highs else names
