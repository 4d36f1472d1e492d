# SPDX-License-Identifier: GPL-3.0-or-later
"""Base of the operators that change the library of models or weights, and published weights.

Published weights can be downloaded, installed from files and removed. Lists of them are in the preferences, and in the
panels of tools that need some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bpy
from bpy.props import CollectionProperty, StringProperty

from .core.errors import Message, ParameterError, choices
from .core.system.untrusted import excerpt
from .engine import engine
from .engine.catalogue import catalogue
from .interface.drawing import draw_text
from .jobs.command import run_command
from .jobs.description import use_description
from .jobs.operator import TaskOperator, clicked_panel
from .jobs.session import connect, jobs
from .jobs.task import Place, Task, TaskReport
from .parameters import properties
from .paths import FILE_PATH, absolute
from .translations.texts import sentence

ASKED_IN = StringProperty(options={"HIDDEN", "SKIP_SAVE"})
"""The `Place` of the button whose click was asked about; empty in scripts."""


class AsksFirst(TaskOperator):
    """Mixin: a click first asks (`ask`). Blender calls `execute` afterwards, which then waits for nothing."""

    asked_in: ASKED_IN

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask the user, as an operator's `invoke` does."""
        raise NotImplementedError

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        self.asked_in = clicked_panel(context, self.place)
        return self.ask(context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if self.asked_in:
            return self.start(context, Place(self.asked_in))
        return TaskOperator.execute(self, context)


class ChangesLibrary(AsksFirst):
    """Mixin: the engine's own command changes the library; the catalogue is refreshed afterwards."""

    place = Place.MODELS

    def ask(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the file to install."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}


def ask_to_remove(operator: ChangesLibrary, context: bpy.types.Context, event: bpy.types.Event, what: str) -> set[str]:
    """Ask whether to delete something of the library, by its name."""
    title = sentence("Remove {}?", what)
    return context.window_manager.invoke_confirm(operator, event, title=title, confirm_text="Remove")


def library_task(label: str, *arguments: str) -> Task:
    """Task that runs `impasto models …` or `impasto weights …`; it can be cancelled if that reports progress."""
    connected, command = connect(), engine.require().command("impasto", *arguments, "--json")
    environment = engine.settings_environment()

    def work(task: Task) -> tuple[str, Mapping[str, Any]]:
        client = connected()  # checks the engine
        task.say(label)
        said = run_command(task, command, environment)
        return "; ".join(f"{what} {path}" for what, path in said.items()), client.describe().wait()

    def apply(result: tuple[str, Mapping[str, Any]]) -> TaskReport:
        use_description(result[1])
        return TaskReport("INFO", Message("{}: {}", label, result[0]))

    return Task(label, work, apply)


OFFLINE = "Blender is offline: turn on Preferences, System, Network, Allow Online Access, or install from a file"


def weights_called(name: str) -> Mapping[str, Any]:
    """Weights of this name. ParameterError lists the known names."""
    for item in catalogue.weights:
        if item["name"] == name:
            return item
    known = choices(name, (item["name"] for item in catalogue.weights), "the preferences")
    raise ParameterError("there are no weights called {}", "{}; or refresh the tools", excerpt(name), known)


def missing_for(tool: Mapping[str, Any], parameters: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Weights that the values of a tool's parameters name, if they are not installed; else empty."""
    chosen = [value for value in parameters.values() if value in tool.get("weights", ())]
    return [item for name in chosen for item in catalogue.weights if item["name"] == name and not item["installed"]]


def weights_poll_message(tool: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    """Reason why a tool cannot run without weights; empty if it can."""
    lacks = missing_for(tool, parameters)
    text = "{} needs weights: download them, install them from a file, or choose another"
    return Message(text, tool["label"]) if lacks else ""


def terms(item: Mapping[str, Any]) -> str:
    """Size and licence of a download."""
    if not item["bytes"]:
        return Message("licence {}", item["licence"])
    return Message("{:.0f} MB, licence {}", item["bytes"] / 2**20, item["licence"])


def download_poll_message() -> str:
    """Reason why nothing can be downloaded now; empty if it can."""
    return "" if bpy.app.online_access else OFFLINE


NAME = StringProperty(name="Name", description="Name of the weights")


class ChangesWeights(ChangesLibrary):
    """Mixin: reports are shown in the preferences, unless a panel's button was clicked."""

    place = Place.PREFERENCES


class IMPASTO_OT_download_weights(ChangesWeights, bpy.types.Operator):
    """Download published weights and install them; asks first, and goes on where an earlier download ended"""

    bl_label = "Download Weights"

    name: NAME

    @classmethod
    def start_poll_message(cls) -> str:
        return super().start_poll_message() or download_poll_message()

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        item = weights_called(self.name)
        about = sentence("{}: {}", terms(item), item["page"])
        title = sentence("Download {}?", item["label"])
        return context.window_manager.invoke_confirm(self, event, title=title, message=about, confirm_text="Download")

    def task(self, _context: bpy.types.Context) -> Task:
        item = weights_called(self.name)
        return library_task(Message("Downloading {}", item["label"]), "weights", "download", self.name, "--yes")


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

    def task(self, _context: bpy.types.Context) -> Task:
        several = [str(Path(absolute(self.directory)) / item.name) for item in self.files if item.name]
        files = several or [absolute(self.filepath)] if self.filepath or several else []
        if not files:
            raise ParameterError("no file is given", "give filepath=FILE.pth")
        named = ["--name", self.name] if self.name else []
        return library_task("Installing weights", "weights", "install", *files, *named)


class IMPASTO_OT_remove_weights(ChangesWeights, bpy.types.Operator):
    """Delete installed weights; they can be downloaded or installed again"""

    bl_label = "Remove Weights"

    name: NAME

    def ask(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return ask_to_remove(self, context, event, weights_called(self.name)["label"])

    def task(self, _context: bpy.types.Context) -> Task:
        return library_task(Message("Removing {}", weights_called(self.name)["label"]), "weights", "remove", self.name)


BOXES = 2
"""Number of boxes around each of the weights."""


def draw_weights(layout: bpy.types.UILayout) -> None:
    """Draw all weights in a section of the preferences."""
    header, body = layout.panel("impasto_weights", default_closed=True)
    header.label(text="Weights of Published Networks")
    if body:
        draw_text(
            body, "Some stylizers see with networks that others trained; nothing is fetched without a click", "INFO"
        )
        _draw_list(body, catalogue.weights)


def draw_missing_weights(layout: bpy.types.UILayout, context: bpy.types.Context, tool: Mapping[str, Any]) -> None:
    """Draw, in a panel, the weights that a tool needs and the buttons that install them; nothing if it needs none."""
    if missing := missing_for(tool, properties.parameters_of(context.scene, tool)):
        box = layout.box()
        draw_text(box, Message("{} needs weights, which are not installed", tool["label"]), "INFO")
        _draw_list(box, missing)


def _draw_list(layout: bpy.types.UILayout, listed: Sequence[Mapping[str, Any]]) -> None:
    for item in listed:
        _draw_one(layout.box().column(), item)
    if any(item["downloadable"] for item in listed) and (why := download_poll_message()):
        draw_text(layout, why, "INFO")
        if not bpy.app.online_access_override:
            layout.operator("extensions.userpref_allow_online", text="Allow Online Access", icon="INTERNET")
    row = layout.row(align=True)
    row.operator("impasto.install_weights", icon="IMPORT")
    row.operator("impasto.refresh_tools", text="Refresh", icon="FILE_REFRESH")


def _draw_one(layout: bpy.types.UILayout, item: Mapping[str, Any]) -> None:
    """Draw name, page, size, licence and description or error, and the button that installs or removes it."""
    row = layout.row()
    row.label(text=item["label"], icon="CHECKMARK" if item["installed"] else "BLANK1", translate=False)
    row.operator("wm.url_open", text="", icon="URL", emboss=False).url = item["page"]
    if item["installed"] or item["error"]:
        row.operator("impasto.remove_weights", text="", icon="TRASH").name = item["name"]
    draw_text(layout, Message("{}; {}", terms(item), item["description"]), "BLANK1", boxes=BOXES)
    if item["error"]:
        column = layout.column()
        column.alert = True
        draw_text(column, item["error"], "ERROR", boxes=BOXES)
    elif not (item["installed"] or item["downloadable"]):
        draw_text(layout, item["how_to_get"], "BLANK1", boxes=BOXES)
    elif not (item["installed"] or jobs.shown_task):
        layout.operator("impasto.download_weights", text="Download", icon="IMPORT").name = item["name"]
