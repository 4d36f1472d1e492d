# SPDX-License-Identifier: GPL-3.0-or-later
"""The Train panel with its models, `impasto.train` for it and for scripts, and operators on a running training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import StringProperty

from ..core.errors import Message
from ..engine import engine
from ..engine.catalogue import catalogue
from ..interface import previews
from ..interface.browsing import draw_image, draw_path
from ..interface.drawing import draw_operator, draw_report, draw_text
from ..jobs.operator import TaskOperator, poll
from ..jobs.session import jobs
from ..jobs.task import Place, Task
from ..models import draw_models, model_of, report_poll_message
from ..parameters.operators import WIDTH, draw_open_number
from ..paths import FILE_PATH
from ..tools.form import ensure_known, source_of, values_of, with_properties
from ..tools.lists import MORE
from ..tools.panel import ToolPanel, draw_parameters, in_editors, section
from .request import NAME, TrainingRequest, TrainingSettings, from_scene, request_poll_message


@with_properties(TrainingRequest)
class IMPASTO_OT_train(TaskOperator, bpy.types.Operator):
    """Train a model on your own pictures; Blender stays free meanwhile. Without data: as the panel is set"""

    bl_label = "Train"
    place = Place.TRAINING

    tool: StringProperty(name="Trainer", description="Name of the trainer; empty: the usual one")
    data: StringProperty(name="Data", description="Path of a picture or folder to learn from", **FILE_PATH)
    image: StringProperty(name="Image", description="Name of an image of this .blend file, instead of data")
    name: StringProperty(name="Name", description="What the model is called: letters, digits, - and _")

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return request_poll_message(context)

    @classmethod
    def start_poll_message(cls) -> str:
        """Reason why no training can start: a missing engine or another training."""
        if bpy.app.background:
            return ""
        busy = Message("A training runs already: {}", jobs.training.label) if jobs.training else ""
        return engine.poll_message() or busy

    def require_free(self) -> None:
        """Nothing: it runs in the long worker, next to other tasks."""

    def task(self, context: bpy.types.Context) -> Task:
        if not (self.data or self.image):
            return from_scene(context).task()
        tool = self.tool or catalogue.usual("train")
        ensure_known(tool)
        values = values_of(TrainingRequest, self, is_whole=True)
        values["parameters"] |= {NAME: self.name} if self.name else {}
        return TrainingRequest(tool, source_of(self.image, self.data), **values).task()


class OnTraining:
    """Mixin: calls the method `asks` of the training's job if it is in one of `states`; without states, of the task."""

    states: tuple[str, ...] = ()
    asks = ""

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        task = jobs.training
        if task is None:
            return poll(cls, "No training runs")
        is_able = not cls.states or (task.state in cls.states and task.job)
        return poll(cls, "" if is_able else Message("The training is {}", task.state))

    def execute(self, _context: bpy.types.Context) -> set[str]:
        if task := jobs.training:
            getattr(task.job if self.states else task, self.asks)()
        return {"FINISHED"}


class IMPASTO_OT_pause_training(OnTraining, bpy.types.Operator):
    """Let the training wait; it keeps its memory, and goes on where it was"""

    bl_label = "Pause"
    states, asks = ("waiting", "running"), "pause"


class IMPASTO_OT_resume_training(OnTraining, bpy.types.Operator):
    """Go on with the training"""

    bl_label = "Resume"
    states, asks = ("pausing", "paused"), "resume"


class IMPASTO_OT_stop_training(OnTraining, bpy.types.Operator):
    """Finish early: the model is what has been learned so far"""

    bl_label = "Stop and Keep"
    states, asks = ("running", "pausing", "paused"), "stop"


class IMPASTO_OT_cancel_training(OnTraining, bpy.types.Operator):
    """End the training without a model; a checkpoint stays, from which the same training goes on"""

    bl_label = "Cancel"
    asks = "cancel"


FIRST = (NAME,)
"""Parameters that every trainer has, drawn before the section with the others."""


class TrainPanel(ToolPanel):
    """Base of the panel: `in_editors` makes a class of it for each editor."""

    bl_label = "Train"
    intents = (MORE,)
    settings = "impasto_training"
    place = Place.TRAINING
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  as Blender wants it
    bl_order = 5

    def draw_tool(self, context: bpy.types.Context, settings: bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> None:
        layout = self.layout
        _draw_data(layout, settings)
        _draw_settings(layout, context, tool)
        _draw_training(layout)
        if body := section(layout, "impasto_models", "Models", closed=True):
            draw_models(body)


PANELS = in_editors(TrainPanel, "train")


def _draw_data(layout: bpy.types.UILayout, settings: TrainingSettings) -> None:
    column = layout.column()
    column.row().prop(settings, "data_kind", expand=True)
    if settings.data_kind == "IMAGE":
        draw_image(column, settings, "image")
    else:
        names = {"FILE": ("filepath", "impasto.open_picture"), "FOLDER": ("folder", "impasto.open_folder")}
        draw_path(column, settings, *names[settings.data_kind])
    column.prop(settings, "licence")
    draw_open_number(column, settings, "width_m", WIDTH, "Real Width")


def _draw_settings(layout: bpy.types.UILayout, context: bpy.types.Context, tool: Mapping[str, Any]) -> None:
    draw_parameters(layout, context, tool, only=FIRST)
    if body := section(layout, "impasto_training_parameters", "Parameters", closed=True):
        draw_parameters(body, context, tool, leave_out=FIRST)
        body.prop(context.scene.impasto_training, "seed")


def _draw_training(layout: bpy.types.UILayout) -> None:
    column = layout.column()
    if jobs.training:
        _draw_progress(column, jobs.training)
        return
    draw_operator(column, "impasto.train", scale_y=1.5, icon="PLAY")
    if engine.find() is not None:
        draw_report(column, Place.TRAINING)
    report = jobs.reports.get(Place.TRAINING)
    if report and report.model:
        column.operator("impasto.use_model", icon="CHECKMARK").name = report.model
    for name in report.models if report else ():
        if (model := model_of(name)) and not report_poll_message(model):
            column.operator("impasto.open_report", icon="DOCUMENTS").name = name


def _draw_progress(layout: bpy.types.UILayout, task: Task) -> None:
    """Draw the training's progress and preview, and the buttons that pause and end it."""
    state = {"pausing": "Pausing", "paused": "Paused", "stopping": "Finishing", "cancelling": "Cancelling"}
    said = bpy.app.translations.pgettext_iface(state.get(task.state, ""))
    layout.progress(factor=task.fraction, text=f"{task.fraction:.0%}  {said}")
    draw_text(layout, task.message, "NONE")
    for warning in task.warnings:
        draw_text(layout, warning, "ERROR")
    if icon := previews.icon_of(task):
        layout.template_icon(icon, scale=8)
    row = layout.row(align=True)
    if task.state in ("pausing", "paused"):
        row.operator("impasto.resume_training", icon="PLAY")
    else:
        row.operator("impasto.pause_training", icon="PAUSE")
    row.operator("impasto.cancel_training", icon="CANCEL")
    layout.operator("impasto.stop_training", icon="CHECKMARK")
    if task.outlives:
        draw_text(layout, "Goes on when Blender closes; its model is then under Models, after Refresh", "INFO")
