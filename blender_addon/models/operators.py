# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators for the library of models: install a file, remove a model, use one."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ..core.errors import ParameterError, choices
from ..core.system.untrusted import excerpt
from ..engine.catalogue import catalogue
from ..jobs.operator import tell
from ..jobs.task import Report, Task
from ..library.operator import ASKED_IN, ChangesLibrary, ask_to_remove, library_task
from ..parameters import properties
from ..paths import RELATIVE_PATH, absolute


class IMPASTO_OT_install_model(ChangesLibrary, bpy.types.Operator):
    """Copy a model file into your library"""

    bl_idname = "impasto.install_model"
    bl_label = "Install Model"

    filepath: StringProperty(name="File", description="A .safetensors file", subtype="FILE_PATH", options=RELATIVE_PATH)
    filter_glob: StringProperty(default="*.safetensors", options={"HIDDEN"})
    asked_in: ASKED_IN

    def task(self, _context: bpy.types.Context) -> Task:
        if not self.filepath:
            raise ParameterError("no file is given", "give filepath=FILE.safetensors")
        return library_task("Installing a model", "models", "install", absolute(self.filepath))


class IMPASTO_OT_remove_model(ChangesLibrary, bpy.types.Operator):
    """Delete a model from your library, its file with it"""

    bl_idname = "impasto.remove_model"
    bl_label = "Remove Model"

    name: StringProperty(name="Name", description="Name of the model")
    asked_in: ASKED_IN

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return ask_to_remove(self, context, event, self.name)

    def task(self, _context: bpy.types.Context) -> Task:
        return library_task(f"Removing {self.name}", "models", "remove", self.name)


class IMPASTO_OT_use_model(bpy.types.Operator):
    """Make textures with this model: chooses the tool and the model"""

    bl_idname = "impasto.use_model"
    bl_label = "Use Model"
    bl_options = {"UNDO"}  # noqa: RUF012  as Blender wants it

    name: StringProperty(name="Name", description="Name of the model")

    def execute(self, context: bpy.types.Context) -> set[str]:
        tool = properties.choose_model(context.scene, self.name)
        if tool is None:
            remedy = choices(self.name, (model["name"] for model in catalogue.models), "the section Models")
            return tell(self, Report("ERROR", f"there is no model {excerpt(self.name)}; {remedy}"))
        context.scene.impasto.tool = tool["name"]
        return {"FINISHED"}


CLASSES = (IMPASTO_OT_install_model, IMPASTO_OT_remove_model, IMPASTO_OT_use_model)
