# SPDX-License-Identifier: GPL-3.0-or-later
"""News of tasks outside of our panels: in Blender's status bar, and in a popup."""

from __future__ import annotations

from typing import NamedTuple

import bpy

from ..translations.texts import sentence
from .task import Task, TaskReport

STEPS = 20
"""Steps of the progress in the status bar, which is redrawn at each."""


class Status(NamedTuple):
    """Status of a task in the status bar. fraction: the progress, in `STEPS`."""

    message: str
    fraction: float


def status_of(task: Task) -> Status:
    """Status of a task, for the status bar."""
    return Status(task.message, round(task.fraction * STEPS) / STEPS)


def announce(report: TaskReport) -> None:
    """Show an error in a popup, for want of an open panel; panels show every report."""
    windows = bpy.context.window_manager.windows
    if report.level != "ERROR" or bpy.app.background or not windows:
        return
    with bpy.context.temp_override(window=windows[0]):
        bpy.context.window_manager.popup_menu(
            lambda menu, _context: menu.layout.label(text=sentence(report.text), translate=False),
            title="Impasto",
            icon="ERROR",
        )
