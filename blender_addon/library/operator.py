# SPDX-License-Identifier: GPL-3.0-or-later
"""Base of the operators that change the library of models or weights, and the task in which the engine does so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import StringProperty

from ..engine import engine
from ..jobs.command import run_command
from ..jobs.description import use_description
from ..jobs.operator import TaskOperator, clicked_panel
from ..jobs.session import connect
from ..jobs.task import Place, Task, TaskReport
from ..translations.texts import sentence

ASKED_IN = StringProperty(options={"HIDDEN", "SKIP_SAVE"})
"""The `Place` of the button whose click was asked about; empty in scripts."""


class ChangesLibrary(TaskOperator):
    """Mixin: the engine's own command changes the library; the catalogue is refreshed afterwards.

    A click first asks (`ask`): Blender calls `execute` afterwards, which then waits for nothing.
    """

    place = Place.MODELS

    def ask(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the file to install."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        self.asked_in = clicked_panel(context, self.place)
        return self.ask(context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if self.asked_in:
            return self.start(context, Place(self.asked_in))
        return TaskOperator.execute(self, context)


def ask_to_remove(operator: ChangesLibrary, context: bpy.types.Context, event: bpy.types.Event, what: str) -> set[str]:
    """Ask whether to delete something of the library, by its name."""
    title = sentence(f"Remove {what}?")
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
        return TaskReport("INFO", f"{label}: {result[0]}")

    return Task(label, work, apply)
