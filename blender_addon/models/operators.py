# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators for the library of models: install a file, remove a model, use one, open the report of its training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from ..core.errors import ParameterError, choices
from ..core.system.untrusted import excerpt
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.operator import report_result
from ..jobs.task import Task, TaskReport
from ..library.operator import ASKED_IN, ChangesLibrary, ask_to_remove, library_task
from ..parameters import properties
from ..paths import FILE_PATH, absolute
from ..tools.lists import MODEL


class IMPASTO_OT_install_model(ChangesLibrary, bpy.types.Operator):
    """Copy a model file into your library"""

    bl_label = "Install Model"

    filepath: StringProperty(name="File", description="A .safetensors file", **FILE_PATH)
    filter_glob: StringProperty(default="*.safetensors", options={"HIDDEN"})
    asked_in: ASKED_IN

    def task(self, _context: bpy.types.Context) -> Task:
        if not self.filepath:
            raise ParameterError("no file is given", "give filepath=FILE.safetensors")
        return library_task("Installing a model", "models", "install", absolute(self.filepath))


class IMPASTO_OT_remove_model(ChangesLibrary, bpy.types.Operator):
    """Delete a model from your library, its file with it"""

    bl_label = "Remove Model"

    name: StringProperty(name="Name", description="Name of the model")
    asked_in: ASKED_IN

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return ask_to_remove(self, context, event, self.name)

    def task(self, _context: bpy.types.Context) -> Task:
        return library_task(f"Removing {self.name}", "models", "remove", self.name)


class IMPASTO_OT_use_model(bpy.types.Operator):
    """Make textures with this model: chooses the tool and the model"""

    bl_label = "Use Model"
    bl_options = {"UNDO"}  # noqa: RUF012  as Blender wants it

    name: StringProperty(name="Name", description="Name of the model")

    def execute(self, context: bpy.types.Context) -> set[str]:
        tool = properties.choose_model(context.scene, self.name)
        if tool is None:
            remedy = choices(self.name, (model["name"] for model in catalogue.models), "the section Models")
            return report_result(self, TaskReport("ERROR", f"there is no model {excerpt(self.name)}; {remedy}"))
        context.scene.impasto.intent = MODEL
        context.scene.impasto.tool = tool["name"]
        return {"FINISHED"}


class IMPASTO_OT_open_report(bpy.types.Operator):
    """Open the report of a model's training in the browser: how good the model is, and what to try next"""

    bl_label = "Open Report"

    name: StringProperty(name="Name", description="Name of the model")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        model = model_of(self.name)
        if reason := report_poll_message(model) if model else f"there is no model {excerpt(self.name)}":
            return report_result(self, TaskReport("ERROR", reason))
        assert model
        file = Path(model["report"])
        if not file.is_file():
            return report_result(self, TaskReport("ERROR", f"the report of {self.name} is gone; refresh the models"))
        return bpy.ops.wm.url_open(url=file.as_uri())


def model_of(name: str) -> Mapping[str, Any] | None:
    """The model of this name; None if there is none."""
    return next((model for model in catalogue.models if model["name"] == name), None)


def report_poll_message(model: Mapping[str, Any]) -> str:
    """Reason why there is no report of this model here; empty if there is one. Called by panels: reads no file."""
    if not model["report"]:
        return f"{model['name']} has no report; `impasto models report {model['name']} DATA` writes one"
    found = engine.find()
    if found and found.is_remote:
        return f"the report of {model['name']} is on the machine of the engine; copy it from there"
    return ""
