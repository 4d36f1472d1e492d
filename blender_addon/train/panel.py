# SPDX-License-Identifier: GPL-3.0-or-later
"""The Train panel, with the list of models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

from ..engine import engine
from ..interface import previews
from ..interface.browsing import draw_image, draw_path
from ..interface.drawing import draw_operator, draw_report, draw_text
from ..jobs.session import jobs
from ..jobs.task import Place, Task
from ..models.operators import model_of, report_poll_message
from ..models.panel import draw_models
from ..parameters.open_numbers import WIDTH, draw_open_number
from ..tools.intents import MORE
from ..tools.panel import ToolPanel, draw_parameters, in_editors, section
from .request import NAME, TrainingSettings

FIRST = (NAME,)
"""Parameters that every trainer has, drawn before the section with the others."""


class TrainPanel(ToolPanel):
    """Mixin: the same panel in each editor."""

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
        section(layout, "impasto_models", "Models", draw_models, closed=True)


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

    def draw_others(body: bpy.types.UILayout) -> None:
        draw_parameters(body, context, tool, leave_out=FIRST)
        body.prop(context.scene.impasto_training, "seed")

    section(layout, "impasto_training_parameters", "Parameters", draw_others, closed=True)


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
