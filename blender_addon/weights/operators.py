# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators for published weights: download them, install them from a file, remove them."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import CollectionProperty, StringProperty

from ..core.errors import ParameterError
from ..jobs.task import Place, Task
from ..library.operator import ASKED_IN, ChangesLibrary, ask_to_remove, library_task
from ..paths import FILE_PATH, absolute
from . import weights

NAME = StringProperty(name="Name", description="Name of the weights")


class ChangesWeights(ChangesLibrary):
    """Mixin: reports are shown in the preferences, unless a panel's button was clicked."""

    place = Place.PREFERENCES


class IMPASTO_OT_download_weights(ChangesWeights, bpy.types.Operator):
    """Download published weights and install them; asks first, and goes on where an earlier download ended"""

    bl_label = "Download Weights"

    name: NAME
    asked_in: ASKED_IN

    @classmethod
    def start_poll_message(cls) -> str:
        return super().start_poll_message() or weights.download_poll_message()

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        item = weights.weights_called(self.name)
        about = f"{weights.terms(item)}: {item['page']}"
        return context.window_manager.invoke_confirm(
            self, event, title=f"Download {item['label']}?", message=about, confirm_text="Download"
        )

    def task(self, _context: bpy.types.Context) -> Task:
        item = weights.weights_called(self.name)
        return library_task(f"Downloading {item['label']}", "weights", "download", self.name, "--yes")


class IMPASTO_OT_install_weights(ChangesWeights, bpy.types.Operator):
    """Install weights from the files that their authors publish: whose they are is recognised"""

    bl_label = "Install from File"

    filepath: StringProperty(name="File", description="A .pth or .safetensors file", **FILE_PATH)
    directory: StringProperty(name="Folder", description="Where several files are", subtype="DIR_PATH")
    files: CollectionProperty(
        name="Files",
        description="All files, where weights are published as several",
        type=bpy.types.OperatorFileListElement,
    )
    filter_glob: StringProperty(default="*.pth;*.pt;*.safetensors", options={"HIDDEN"})
    name: StringProperty(name="Name", description="Name of the weights; empty: recognised by the file's contents")
    asked_in: ASKED_IN

    def task(self, _context: bpy.types.Context) -> Task:
        several = [str(Path(absolute(self.directory)) / item.name) for item in self.files if item.name]
        given = several or [absolute(self.filepath)] if self.filepath or several else []
        if not given:
            raise ParameterError("no file is given", "give filepath=FILE.pth")
        named = ["--name", self.name] if self.name else []
        return library_task("Installing weights", "weights", "install", *given, *named)


class IMPASTO_OT_remove_weights(ChangesWeights, bpy.types.Operator):
    """Delete installed weights; they can be downloaded or installed again"""

    bl_label = "Remove Weights"

    name: NAME
    asked_in: ASKED_IN

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return ask_to_remove(self, context, event, weights.weights_called(self.name)["label"])

    def task(self, _context: bpy.types.Context) -> Task:
        return library_task(f"Removing {weights.weights_called(self.name)['label']}", "weights", "remove", self.name)
