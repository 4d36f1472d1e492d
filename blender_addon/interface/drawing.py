# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of panels and preferences: the running task, the last report, texts of several lines."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import bpy

from ..engine import engine
from ..jobs.session import jobs
from ..jobs.task import PLACE, Place, Task
from ..translations.texts import full_stop, sentence

LETTER_PX, MARGIN_PX = 6, 70
"""Width of a usual letter in a label, and of a panel's edges with an icon, at a resolution scale of 1."""
BOX_PX = 14
"""Width of the edges of a box."""
WIDE = 2.1
"""Width of a Chinese character, in usual letters."""


def draw_progress(layout: bpy.types.UILayout, task: Task) -> None:
    """Draw a running task's progress, and the buttons that end it."""
    column = layout.column(align=True)
    column.progress(factor=task.fraction, text=f"{task.fraction:.0%}  {sentence(task.message)}")
    row = column.row(align=True)
    row.operator("impasto.cancel", icon="CANCEL")
    if task.can_stop:
        row.operator("impasto.stop", icon="CHECKMARK")


def name_place(layout: bpy.types.UILayout, place: Place) -> None:
    """Show the reports of the buttons that follow at this place."""
    layout.context_string_set(PLACE, place)


def draw_report(layout: bpy.types.UILayout, place: Place) -> None:
    """Draw the report of the last task from this place, its notes as a list, and the buttons that may help."""
    report = jobs.reports.get(place)
    if report is None:
        return
    column = layout.column()
    column.alert = report.level == "ERROR"
    icon = {"INFO": "CHECKMARK", "WARNING": "INFO", "CANCELLED": "CANCEL"}.get(report.level, "ERROR")
    said, *notes = [report.text] if report.level == "ERROR" else report.text.split("; ")
    draw_text(column, said, icon)
    for note in notes:
        draw_text(column, note, "DOT")
    if report.is_of_engine:
        column = layout.column(align=True)
        column.operator("impasto.check_engine", icon="FILE_REFRESH")
        column.operator("impasto.open_log", icon="TEXT")
        draw_preferences_button(column)
    if is_on_no_object(report.unassigned):
        draw_operator(layout, "impasto.assign", icon="MATERIAL").material = report.unassigned


def is_on_no_object(material: str) -> bool:
    """Whether there is a material of this name that no object uses."""
    found = bpy.data.materials.get(material)
    return found is not None and found.users == int(found.use_fake_user)


def draw_operator(
    layout: bpy.types.UILayout, name: str, scale_y: float = 1.0, **look: Any
) -> bpy.types.OperatorProperties:
    """Draw a button and, if a click could do nothing useful, the reason below it."""
    row = layout.row()
    row.scale_y = scale_y
    button = row.operator(name, **look)
    _draw_reasons(layout, (name,))
    return button


def draw_operators(layout: bpy.types.UILayout, icons: Mapping[str, str]) -> None:
    """Draw buttons, by name and icon, and below them the reasons why some can do nothing useful, each once."""
    column = layout.column()
    for name, icon in icons.items():
        column.operator(name, icon=icon)
    _draw_reasons(layout, icons)


def _draw_reasons(layout: bpy.types.UILayout, names: Iterable[str]) -> None:
    classes = (getattr(bpy.types, name.replace("impasto.", "IMPASTO_OT_")) for name in names)
    for why in dict.fromkeys(cls.why_not(bpy.context) for cls in classes):
        if why:
            draw_text(layout, why, "INFO")


def draw_text(layout: bpy.types.UILayout, text: str, icon: str, boxes: int = 0) -> None:
    """Draw a text in several lines, as Blender's labels do not wrap; icon "NONE": without room for one.

    boxes: number of nested boxes around it.
    """
    region, scale = bpy.context.region, bpy.context.preferences.system.ui_scale
    width = max(int(region.width / scale - MARGIN_PX - boxes * BOX_PX) // LETTER_PX, 20) if region else 60
    column = layout.column(align=True)
    sentences = [part[:1].upper() + part[1:] for part in sentence(text).split("; ")]
    for line in _lines(full_stop().join(sentences), width):
        column.label(text=line, icon=icon, translate=False)
        icon = "BLANK1" if icon != "NONE" else icon


def _lines(text: str, width: int) -> list[str]:
    """Lines of this many letters; Chinese has no spaces, and its characters are wide."""
    if not any(map(_is_wide, text)):
        return textwrap.wrap(text, width, break_long_words=True)
    lines = [""]
    for part in re.findall(r"[!-~]+ ?|.", text):
        if sum(WIDE if _is_wide(letter) else 1 for letter in lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return [line for line in lines if line]


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"


def draw_preferences_button(layout: bpy.types.UILayout) -> None:
    layout.operator("preferences.addon_show", text="Preferences", icon="PREFERENCES").module = engine.EXTENSION
