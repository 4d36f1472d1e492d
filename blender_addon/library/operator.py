# SPDX-License-Identifier: GPL-3.0-or-later
"""Base of the operators that change the library of models or weights."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ..jobs.operator import TaskOperator, clicked_in
from ..jobs.task import Place
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
        self.asked_in = clicked_in(context, self.place)
        return self.ask(context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if self.asked_in:
            return self.start(context, Place(self.asked_in))
        return TaskOperator.execute(self, context)


def ask_to_remove(operator: ChangesLibrary, context: bpy.types.Context, event: bpy.types.Event, what: str) -> set[str]:
    """Ask whether to delete something of the library, by its name."""
    title = sentence(f"Remove {what}?")
    return context.window_manager.invoke_confirm(operator, event, title=title, confirm_text="Remove")
