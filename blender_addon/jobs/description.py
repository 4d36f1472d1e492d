# SPDX-License-Identifier: GPL-3.0-or-later
"""Description of the engine: a task that asks for its tools, models and weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.errors import Message, PluginError
from ..engine.catalogue import catalogue
from ..parameters import properties
from .session import connect
from .task import Task, TaskReport


def description_task() -> Task:
    """Task that asks the engine for its tools."""
    connected = connect()

    def apply(description: dict) -> TaskReport:
        use_description(description)
        broken = [Message("{}: {}", plugin["name"], plugin["error"]) for plugin in catalogue.plugins if plugin["error"]]
        return TaskReport.noted(Message("The engine has {} tools", len(list(catalogue))), broken)

    return Task("Asking for the tools", lambda task: task.wait_for(connected().describe()), apply)


def use_description(description: Mapping[str, Any]) -> None:
    """Use and cache the engine's description of its tools, and of the models of the library.

    If Blender refuses it, keep the former description, and raise PluginError with the reason.
    """
    before = catalogue.description
    if catalogue.use(description):
        try:
            properties.refresh()
        except Exception as error:
            catalogue.use(before)
            properties.register()
            message = "Blender cannot show what the engine has: {}"
            raise PluginError(message, "remove the plugin or the model that was added last", error) from error
    catalogue.save()
