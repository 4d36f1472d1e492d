# SPDX-License-Identifier: GPL-3.0-or-later
"""The Batch panel: which materials, which recipe, where the results go, and what came of it."""

from __future__ import annotations

import bpy

from ..engine.catalogue import catalogue
from ..interface.browsing import draw_image
from ..interface.drawing import draw_text
from ..jobs.session import jobs
from ..jobs.task import Place
from ..parameters.open_numbers import Open, draw_open_number
from ..tools.intents import EXPORT
from ..tools.panel import InView3D, Tab, draw_run, section
from . import chosen, recipes, results
from .chosen import CATALOG, SELECTED
from .operators import IMPASTO_OT_batch_retry, IMPASTO_OT_batch_sheet
from .recipes import IMAGE, RECIPE, STYLE
from .request import FOLDER, TABLE, BatchSettings

FAILURES_SHOWN = 3
WORKERS = Open(0.0, 2, "One for each core")


class IMPASTO_PT_batch(Tab, InView3D, bpy.types.Panel):
    bl_label = "Batch"
    place = Place.BATCH
    intents = (EXPORT,)
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  as Blender wants it
    bl_order = 5

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = context.scene.impasto_batch
        _draw_materials(layout, context, settings)
        _draw_recipe(layout, context, settings)
        column = layout.column()
        for name in ("out_dir", "pattern", "format", "export", "result"):
            column.prop(settings, name)
        section(layout, "impasto_batch_advanced", "Advanced", lambda body: _draw_advanced(body, settings), closed=True)
        _draw_listed(layout)
        layout.operator("impasto.batch_list", icon="LONGDISPLAY")
        draw_run(layout, "impasto.batch", Place.BATCH, "DUPLICATE")
        _draw_after(layout, context)


def _draw_materials(layout: bpy.types.UILayout, context: bpy.types.Context, settings: BatchSettings) -> None:
    row = layout.row()
    row.use_property_split = False
    row.prop(settings, "what", expand=True)
    if settings.what == CATALOG:
        column = layout.column()
        column.prop(settings, "library")
        column.prop(settings, "catalog")
        return
    if settings.what == SELECTED:
        layout.prop(settings, "across_seams")
    found = chosen.selected_materials(context) if settings.what == SELECTED else chosen.of_file()
    if found:
        names = ", ".join(material.name for material in found[: chosen.LISTED])
        draw_text(layout, names + (f", … ({len(found)})" if len(found) > chosen.LISTED else ""), "MATERIAL")


def _draw_recipe(layout: bpy.types.UILayout, context: bpy.types.Context, settings: BatchSettings) -> None:
    column = layout.column()
    column.prop(settings, "apply")
    if settings.apply == RECIPE:
        column.prop(settings, "recipe", text="File")
    elif settings.apply == IMAGE:
        draw_image(column, settings, "image")
        shown = recipes.chosen_image(context)
        if shown and not settings.image:
            column.label(text=shown.name, icon="IMAGE_DATA", translate=False)
    elif (name := recipes.tool_of(context, settings.apply)) in catalogue:
        icon = "BRUSH_DATA" if settings.apply == STYLE else "TEXTURE"
        column.label(text=catalogue[name]["label"], icon=icon)


def _draw_advanced(layout: bpy.types.UILayout, settings: BatchSettings) -> None:
    column = layout.column()
    draw_open_number(column, settings, "workers", WORKERS, "Workers")
    column.prop(settings, "cluster")
    draw_text(layout, f"List writes the jobs to {FOLDER}/{TABLE}, which `impasto batch` also runs elsewhere", "INFO")


def _draw_listed(layout: bpy.types.UILayout) -> None:
    """Draw the first jobs of the last list, with their sizes."""
    latest = results.latest
    if latest.epoch != jobs.file_epoch or not latest.jobs:
        return
    column = layout.box().column(align=True)
    for job in latest.jobs:
        row = column.row()
        row.label(text=job["name"], icon="CHECKMARK" if job["done"] else "MATERIAL", translate=False)
        side = row.row()
        side.alignment = "RIGHT"
        side.label(text="×".join(map(str, job["size_px"] or ())), translate=False)
    if latest.more:
        draw_text(column, f"{latest.more} more jobs", "BLANK1")


def _draw_after(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the failures of the last batch with their remedies, and the buttons for its folder."""
    latest = results.latest
    if latest.epoch == jobs.file_epoch:
        for failure in latest.failures[:FAILURES_SHOWN]:
            draw_text(layout, f"{failure['name']}: {failure['message']}; {failure['remedy']}", "ERROR")
        if len(latest.failures) > FAILURES_SHOWN:
            draw_text(layout, f"More failures are in {results.FAILURES}", "INFO")
    column = layout.column()
    if IMPASTO_OT_batch_retry.is_useful(context):
        column.operator("impasto.batch_retry", icon="FILE_REFRESH")
    if IMPASTO_OT_batch_sheet.is_useful(context):
        column.operator("impasto.batch_sheet", icon="IMAGE_DATA")
