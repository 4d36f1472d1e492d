# SPDX-License-Identifier: GPL-3.0-or-later
"""Models: install a file, remove a model, use one, open the report of its training; the list of all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from .core.errors import Message, ParameterError, choices
from .core.system.untrusted import excerpt
from .engine import engine
from .engine.catalogue import catalogue
from .interface import previews
from .interface.drawing import draw_report, draw_text, name_place
from .jobs.operator import report_result
from .jobs.task import Place, Task, TaskReport
from .library import ChangesLibrary, ask_to_remove, library_task
from .parameters import properties
from .paths import FILE_PATH, absolute
from .tools.lists import MODEL
from .translations.texts import sentence


class IMPASTO_OT_install_model(ChangesLibrary, bpy.types.Operator):
    """Copy a model file into your library"""

    bl_label = "Install Model"

    filepath: StringProperty(name="File", description="A .safetensors file", **FILE_PATH)
    filter_glob: StringProperty(default="*.safetensors", options={"HIDDEN"})

    def task(self, _context: bpy.types.Context) -> Task:
        if not self.filepath:
            raise ParameterError("no file is given", "give filepath=FILE.safetensors")
        return library_task("Installing a model", "models", "install", absolute(self.filepath))


class IMPASTO_OT_remove_model(ChangesLibrary, bpy.types.Operator):
    """Delete a model from your library, its file with it"""

    bl_label = "Remove Model"

    name: StringProperty(name="Name", description="Name of the model")

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return ask_to_remove(self, context, event, self.name)

    def task(self, _context: bpy.types.Context) -> Task:
        return library_task(Message("Removing {}", self.name), "models", "remove", self.name)


class IMPASTO_OT_use_model(bpy.types.Operator):
    """Make textures with this model: chooses the tool and the model"""

    bl_label = "Use Model"
    bl_options = {"UNDO"}  # noqa: RUF012  as Blender wants it

    name: StringProperty(name="Name", description="Name of the model")

    def execute(self, context: bpy.types.Context) -> set[str]:
        tool = properties.choose_model(context.scene, self.name)
        if tool is None:
            remedy = choices(self.name, (model["name"] for model in catalogue.models), "the section Models")
            text = Message("there is no model {}; {}", excerpt(self.name), remedy)
            return report_result(self, TaskReport("ERROR", text))
        context.scene.impasto.intent = MODEL
        context.scene.impasto.tool = tool["name"]
        return {"FINISHED"}


class IMPASTO_OT_open_report(bpy.types.Operator):
    """Open the report of a model's training in the browser: how good the model is, and what to try next"""

    bl_label = "Open Report"

    name: StringProperty(name="Name", description="Name of the model")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        model = model_of(self.name)
        if reason := report_poll_message(model) if model else Message("there is no model {}", excerpt(self.name)):
            return report_result(self, TaskReport("ERROR", reason))
        assert model
        file = Path(model["report"])
        if not file.is_file():
            text = Message("the report of {} is gone; refresh the models", self.name)
            return report_result(self, TaskReport("ERROR", text))
        return bpy.ops.wm.url_open(url=file.as_uri())


def model_of(name: str) -> Mapping[str, Any] | None:
    """The model of this name; None if there is none."""
    return next((model for model in catalogue.models if model["name"] == name), None)


def report_poll_message(model: Mapping[str, Any]) -> str:
    """Reason why there is no report of this model here; empty if there is one. Called by panels: reads no file."""
    if not model["report"]:
        return Message("{} has no report; `impasto models report {} DATA` writes one", model["name"], model["name"])
    found = engine.find()
    if found and found.is_remote:
        return Message("the report of {} is on the machine of the engine; copy it from there", model["name"])
    return ""


def draw_models(layout: bpy.types.UILayout) -> None:
    name_place(layout, Place.MODELS)
    for model in catalogue.models:
        _draw_model(layout.box().row(), model)
    for damaged in catalogue.damaged_models:
        column = layout.column()
        column.alert = True
        draw_text(column, Message("{}: {}; {}", damaged["name"], damaged["error"], damaged["remedy"]), "ERROR")
    row = layout.row(align=True)
    row.operator("impasto.install_model", icon="IMPORT")
    row.operator("impasto.refresh_tools", text="Refresh", icon="FILE_REFRESH")
    draw_report(layout, Place.MODELS)


def _draw_model(row: bpy.types.UILayout, model: Mapping[str, Any]) -> None:
    """Draw thumbnail, name, kind, size and licence, and the buttons that use and remove it."""
    if icon := previews.icon_of_model(model):
        row.template_icon(icon, scale=3)
    column = row.column(align=True)
    column.label(text=model["name"], translate=False)
    column.label(text=f"{_kind(model)}, {_size(model['bytes'])}", translate=False)
    column.label(text=model["licence"], translate=False)
    column = row.column(align=True)
    column.operator("impasto.use_model", text="", icon="CHECKMARK").name = model["name"]
    if not report_poll_message(model):
        column.operator("impasto.open_report", text="", icon="DOCUMENTS").name = model["name"]
    if not model["bundled"]:
        column.operator("impasto.remove_model", text="", icon="TRASH").name = model["name"]


def _kind(model: Mapping[str, Any]) -> str:
    """Material of a model, or number of its materials, because a line has no room for their names."""
    classes = model["classes"]
    return model["material"] or (sentence("{} materials", len(classes)) if classes else model["tool"])


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{count / 2**10:.0f} kB"
