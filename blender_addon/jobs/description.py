# SPDX-License-Identifier: GPL-3.0-or-later
"""Description of the engine: task that asks for its tools, models and weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.errors import PluginError
from ..engine.catalogue import catalogue
from ..parameters import properties
from .session import connect
from .task import Task, TaskReport


def description_task() -> Task:
    """Task that asks the engine for its tools."""
    connected = connect()

    def apply(description: dict) -> TaskReport:
        use_description(description)
        broken = [f"{plugin['name']}: {plugin['error']}" for plugin in catalogue.plugins if plugin["error"]]
        return TaskReport.noted(f"The engine has {len(list(catalogue))} tools", broken)

    return Task("Asking for the tools", lambda task: task.wait_for(connected().describe()), apply)


def use_description(description: Mapping[str, Any]) -> None:
    """Use and cache the engine's description of itself: its tools, and the models of the library.

    If Blender refuses it, the former description stays, and PluginError gives the reason.
    """
    before = catalogue.description
    if catalogue.use(description):
        try:
            properties.refresh()
        except Exception as error:
            catalogue.use(before)
            properties.register()
            message = f"Blender cannot show what the engine has: {error}"
            raise PluginError(message, "remove the plugin or the model that was added last") from error
    catalogue.save()
