# SPDX-License-Identifier: GPL-3.0-or-later
"""The Bake panel in each editor."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import bpy

from ..core.errors import ImpastoError, ParameterError
from ..interface.drawing import draw_text, poll_message
from ..jobs.task import Place
from ..tools.form import values_in
from ..tools.lists import BAKE
from ..tools.panel import Tab, draw_run, in_editors, section
from ..translations.texts import sentence
from . import overlay
from .files import SEPARATE
from .maps.geometry import CURVATURE_MAPS
from .objects.remedies import REMEDIES
from .objects.sets import BakeSet, chosen_sets
from .objects.waiting import warnings_of
from .objects.warnings import BakeWarning, unwrap_warnings
from .process.costs import estimate
from .settings import GROUPS, BakeOptions, ImpastoBakeSettings
from .targets import NAMED, OWN, SELECTED, BakeTargets

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
"""Surfaces for which a setting matters, where these are not all."""


class BakePanel(Tab):
    """Mixin: the same panel in each editor."""

    bl_label = "Bake"
    place = Place.BAKE
    intents = (BAKE,)

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        draw_bake(layout, context)


PANELS = in_editors(BakePanel, "bake")


def draw_bake(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings = context.scene.impasto_bake
    hidden = {"rna_type", "name", *OF_FILES, *_without_effect(settings)}
    shown = [name for name in settings.bl_rna.properties.keys() if name not in hidden]  # noqa: SIM118 - no dictionary
    column = layout.column()
    for name in FIRST:
        if name in shown:
            column.prop(settings, name)
    draw_run(layout, "impasto.bake", Place.BAKE, "RENDER_STILL")  # above what comes and goes with the selection
    _draw_overlays(layout, context)
    _draw_baked_objects(layout, context)
    section(layout, "impasto_bake_maps", "Maps", lambda body: _draw_maps(body, settings), closed=True)
    others = [name for name in shown if name not in (*FIRST, *OF_MAPS)]
    section(layout, "impasto_bake_options", "Options", lambda body: _draw_others(body, settings, others), closed=True)


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
        text = sentence(f"Show {count} missed pixels")
        column.operator("impasto.show_misses", text=text, icon="POINTCLOUD_DATA", depress=overlay.are_misses_on())
    found = overlay.shells_now(context) if has_cage and overlay.is_cage_on() else None
    if found and found.error and found.error != poll_message("impasto.bake"):
        draw_text(layout, found.error, "INFO")


def _without_effect(settings: ImpastoBakeSettings) -> set[str]:
    """Settings that change nothing, as the others are."""
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
    """List the objects that are baked, where several are selected, and whose surface each of them shows; warnings."""
    settings = context.scene.impasto_bake
    targets = BakeTargets(**values_in(BakeTargets, settings))
    sets: Sequence[BakeSet] = ()
    notes: Sequence[str] = ()
    refused = ""
    try:
        options = BakeOptions.from_properties(values_in(BakeOptions, settings))
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
    """Draw each warning with the button of its remedy, those that stop the bake first. said: elsewhere in the panel."""
    for one in sorted(found, key=lambda one: not one.stops)[:MOST_WARNINGS]:
        if one.text not in said and f"left out: {one.text.partition('; ')[0]}" not in said:
            draw_text(layout, one.text, "ERROR" if one.stops else "INFO")
        if one.remedy:
            row, remedy = layout.row(), REMEDIES[one.remedy]
            row.label(icon="BLANK1")
            button = row.operator("impasto.bake_remedy", text=remedy.label, icon=remedy.icon)
            button.uid, button.remedy = one.uid, one.remedy
    if len(found) > MOST_WARNINGS:
        draw_text(layout, f"{len(found) - MOST_WARNINGS} more warnings", "INFO")


def _estimate(context: bpy.types.Context, sets: int) -> str:
    """Time and memory of a bake of this many sets."""
    settings = context.scene.impasto_bake
    try:
        said = estimate(BakeOptions.from_properties(values_in(BakeOptions, settings)), sets)
    except ParameterError as error:  # an input that the shader lacks
        return str(error)
    said += "; more with several tiles" if settings.use_tiles else ""
    return f"{said}; less for each map that is kept" if settings.only_changed else said


def _baked_names(given: BakeSet) -> list[str]:
    """The name of each object of a set, after those of the objects whose surface it shows."""
    highs = [" + ".join(high.name for high in one.highs) for one in given.projections]
    names = [item.name for item in given.objects]
    return [f"{high} → {low}" for high, low in zip(highs, names, strict=True)] if highs else names
