# SPDX-License-Identifier: GPL-3.0-or-later
"""The Batch panel, `impasto.batch` for it and for scripts, the list of its jobs, retries and the contact sheet."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..bridge import image_editors
from ..bridge.inputs import image_called
from ..core.errors import ImpastoError, Message, ParameterError
from ..engine.catalogue import catalogue
from ..interface.browsing import draw_image
from ..interface.drawing import draw_text
from ..jobs.operator import InstantOperator, TaskOperator
from ..jobs.session import jobs
from ..jobs.task import Place, Task, TaskReport
from ..parameters.operators import Open, draw_open_number
from ..paths import absolute
from ..tools.form import ensure_known, given_properties, values_in, values_of, values_over, with_properties
from ..tools.lists import EXPORT
from ..tools.panel import InView3D, Tab, draw_run, section
from ..tools.request import Request
from . import chosen, results
from .chosen import CATALOG, IMAGE, RECIPE, SELECTED, STYLE, AppliedRecipe, selected_materials
from .request import FOLDER, TABLE, BatchOutput, BatchProperties, BatchRequest, BatchSettings, out_folder


@with_properties(Request, "parameters", "inputs", "seed", "device")
class Batch(BatchProperties, TaskOperator):
    """Mixin: an operator on the batch that the panel is set to; arguments of a call override the panel."""

    place = Place.BATCH

    tool: StringProperty(
        name="Tool", description="Name of the tool, with its defaults for all that is not given; empty: see Recipe"
    )
    image: StringProperty(name="Image", description="Name of an image whose recipe is used")

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        settings = context.scene.impasto_batch
        if settings.what == SELECTED and not selected_materials(context):
            return "Select objects with materials"
        no_folder = "" if settings.out_dir else "Choose a folder for the results"
        return chosen.recipe_poll_message(context, settings) or no_folder

    def request(self, context: bpy.types.Context) -> BatchRequest:
        """The request. Raise ImpastoError if a setting is wrong."""
        settings = context.scene.impasto_batch
        output = values_over(BatchOutput, settings, self) | given_properties(self, ("device",))
        return BatchRequest(
            self._applied_recipe(context), BatchOutput(**output), **values_over(BatchRequest, settings, self)
        )

    def _applied_recipe(self, context: bpy.types.Context) -> AppliedRecipe:
        settings = context.scene.impasto_batch
        if self.tool:
            ensure_known(self.tool)
            return AppliedRecipe.of_request(Request(**values_of(Request, self)))
        apply = given_properties(self, ("apply",)).get("apply", settings.apply)
        if self.recipe or (apply == RECIPE and not self.image):
            path = self.recipe or settings.recipe
            if not path:
                raise ParameterError("no recipe is given", "choose a file")
            return AppliedRecipe.of_file(Path(absolute(path)))
        if self.image or apply == IMAGE:
            image = image_called(self.image) if self.image else chosen.chosen_image(context)
            if image is None:
                raise ParameterError("no image is given", "choose one that Impasto made")
            return AppliedRecipe.of_image(image)
        ensure_known(chosen.tool_of(context, apply))
        return chosen.of_panel(context, apply)


class IMPASTO_OT_batch(Batch, bpy.types.Operator):
    """Apply a recipe to many materials, in several processes; what is done already is not done again"""

    bl_label = "Run Batch"

    def task(self, context: bpy.types.Context) -> Task:
        return self.request(context).task(context)


class IMPASTO_OT_batch_list(Batch, bpy.types.Operator):
    """List what the batch would make, and write its table of jobs"""

    bl_label = "List"

    def task(self, context: bpy.types.Context) -> Task:
        return self.request(context).list_task(context)


@with_properties(BatchOutput, "out_dir")
class InFolder:
    """Mixin: an operator on the folder of the results. needed: file in it that the operator requires."""

    needed = ""

    @classmethod
    def is_useful(cls, context: bpy.types.Context) -> bool:
        """Whether the file is there."""
        try:
            return (out_folder(context.scene.impasto_batch.out_dir) / cls.needed).is_file()
        except ImpastoError:
            return False

    def folder(self, context: bpy.types.Context) -> Path:
        """The given folder, or the panel's. Raise ParameterError if there is none."""
        folder = values_of(BatchOutput, self).get("out_dir")
        return out_folder(folder or context.scene.impasto_batch.out_dir)


class IMPASTO_OT_batch_retry(InFolder, TaskOperator, bpy.types.Operator):
    """Make only the jobs that failed, which are listed in failures.jsonl"""

    bl_label = "Retry Failures"
    place = Place.BATCH
    needed = results.FAILURES

    def task(self, context: bpy.types.Context) -> Task:
        output = values_in(BatchOutput, context.scene.impasto_batch) | {"out_dir": str(self.folder(context))}
        return BatchOutput(**output).retry_task()


class IMPASTO_OT_batch_sheet(InFolder, InstantOperator, bpy.types.Operator):
    """Show the contact sheet of the results in an image editor"""

    bl_label = "Contact Sheet"
    needed = results.SHEET

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if bpy.app.background or cls.is_useful(context) else "There is no contact sheet yet"

    def do(self, context: bpy.types.Context) -> TaskReport:
        image = self._load(self.folder(context) / self.needed)
        if not bpy.app.background:
            image_editors.show(image)
        return TaskReport("INFO", Message("Opened the image {}", image.name), images=(image.name,))

    def _load(self, path: Path) -> bpy.types.Image:
        if not path.is_file():
            raise ParameterError("there is no {}", "run the batch first", path)
        image = bpy.data.images.load(str(path), check_existing=True)
        image.reload()
        return image


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
        if body := section(layout, "impasto_batch_advanced", "Advanced", closed=True):
            draw_open_number(body, settings, "workers", WORKERS, "Workers")
            body.prop(settings, "cluster")
            text = Message("List writes the jobs to {}/{}, which `impasto batch` also runs elsewhere", FOLDER, TABLE)
            draw_text(body, text, "INFO")
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
        draw_text(layout, names + (Message(", … ({})", len(found)) if len(found) > chosen.LISTED else ""), "MATERIAL")


def _draw_recipe(layout: bpy.types.UILayout, context: bpy.types.Context, settings: BatchSettings) -> None:
    column = layout.column()
    column.prop(settings, "apply")
    if settings.apply == RECIPE:
        column.prop(settings, "recipe", text="File")
    elif settings.apply == IMAGE:
        draw_image(column, settings, "image")
        image = chosen.chosen_image(context)
        if image and not settings.image:
            column.label(text=image.name, icon="IMAGE_DATA", translate=False)
    elif (name := chosen.tool_of(context, settings.apply)) in catalogue:
        icon = "BRUSH_DATA" if settings.apply == STYLE else "TEXTURE"
        column.label(text=catalogue[name]["label"], icon=icon)


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
        draw_text(column, Message("{} more jobs", latest.more), "BLANK1")


def _draw_after(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw failures of the last batch with their remedies, and the buttons for its folder."""
    latest = results.latest
    if latest.epoch == jobs.file_epoch:
        for failure in latest.failures[:FAILURES_SHOWN]:
            draw_text(layout, Message("{}: {}; {}", failure["name"], failure["message"], failure["remedy"]), "ERROR")
        if len(latest.failures) > FAILURES_SHOWN:
            draw_text(layout, Message("More failures are in {}", results.FAILURES), "INFO")
    column = layout.column()
    if IMPASTO_OT_batch_retry.is_useful(context):
        column.operator("impasto.batch_retry", icon="FILE_REFRESH")
    if IMPASTO_OT_batch_sheet.is_useful(context):
        column.operator("impasto.batch_sheet", icon="IMAGE_DATA")
