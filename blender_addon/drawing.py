# SPDX-License-Identifier: GPL-3.0-or-later
"""What panels and preferences alike show: the running task, what the last one said, texts of several lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import bpy

from . import engine
from .jobs import jobs
from .tasks import Report

LETTER_PX, MARGIN_PX = 6, 70
"""A label's usual letter, and what a panel's edges and an icon take, before the interface is scaled."""


def draw_progress(layout: bpy.types.UILayout) -> None:
    """The running task: how far it is, and the buttons that end it."""
    task = jobs.shown
    column = layout.column(align=True)
    column.progress(factor=task.fraction, text=f"{task.fraction:.0%}  {task.message}")
    row = column.row(align=True)
    row.operator("impasto.cancel", icon="CANCEL")
    if task.can_stop:
        row.operator("impasto.stop", icon="CHECKMARK")


def draw_report(layout: bpy.types.UILayout, report: Report | None) -> None:
    """What the last task said, and the buttons that may mend it."""
    if report is None:
        return
    column = layout.column()
    column.alert = report.level == "ERROR"
    icon = {"INFO": "CHECKMARK", "WARNING": "INFO", "CANCELLED": "CANCEL"}.get(report.level, "ERROR")
    draw_text(column, report.text, icon)
    if report.is_of_engine:
        column = layout.column(align=True)
        column.operator("impasto.check_engine", icon="FILE_REFRESH")
        column.operator("impasto.open_log", icon="TEXT")
        draw_preferences_button(column)


def draw_operator(layout: bpy.types.UILayout, name: str, **look: Any) -> bpy.types.OperatorProperties:
    """A button; below it, where a click could do nothing useful, the reason."""
    button = layout.operator(name, **look)
    _draw_reasons(layout, (name,))
    return button


def draw_operators(layout: bpy.types.UILayout, icons: Mapping[str, str]) -> None:
    """Buttons by their icons; below them why some can do nothing useful, each reason once."""
    column = layout.column()
    for name, icon in icons.items():
        column.operator(name, icon=icon)
    _draw_reasons(layout, icons)


def _draw_reasons(layout: bpy.types.UILayout, names: Iterable[str]) -> None:
    classes = (getattr(bpy.types, name.replace("impasto.", "IMPASTO_OT_")) for name in names)
    for why in dict.fromkeys(cls.why_not(bpy.context) for cls in classes):
        if why:
            draw_text(layout, why, "INFO")


def draw_text(layout: bpy.types.UILayout, text: str, icon: str) -> None:
    """A text of several lines, as Blender's labels do not wrap."""
    region, scale = bpy.context.region, bpy.context.preferences.system.ui_scale
    width = max(int(region.width / scale - MARGIN_PX) // LETTER_PX, 20) if region else 60
    column = layout.column(align=True)
    sentences = [part[:1].upper() + part[1:] for part in text.split("; ")]
    for line in textwrap.wrap(". ".join(sentences), width, break_long_words=True):
        column.label(text=line, icon=icon, translate=False)
        icon = "BLANK1"


def draw_preferences_button(layout: bpy.types.UILayout) -> None:
    layout.operator("preferences.addon_show", text="Preferences", icon="PREFERENCES").module = engine.EXTENSION
