# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of panels and preferences: the running task, the last report, texts of several lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import blf
import bpy

from ..engine import engine
from ..jobs.operator import poll_message_of
from ..jobs.session import jobs
from ..jobs.task import PLACE, Place
from ..translations.texts import full_stop, sentence

MARGIN_PX, LEAST_PX, USUAL_PX = 84, 120, 360
"""Widths at a resolution scale of 1: a panel's edges with an icon; the least text; text outside of panels."""
BOX_PX = 14
"""Width of the edges of a box."""
WORD = re.compile(r"[\u2e80-\uffff]\s*|[^\s\u2e80-\uffff]+\s*")
"""A Chinese character, or a run of others without spaces."""
ICONS = {"INFO": "CHECKMARK", "WARNING": "INFO", "CANCELLED": "CANCEL"}
"""Icons of reports by level; errors have the icon ERROR."""
NAMED_FIRST = ("objects", "materials", "images")
"""Kinds of data whose names may begin a sentence."""


def draw_status(layout: bpy.types.UILayout) -> None:
    """Draw one row that is always there: the running task with buttons to end it, or the last report."""
    row, task, report = layout.row(align=True), jobs.shown_task, jobs.last_report
    if task:
        row.progress(factor=task.fraction, text=f"{task.fraction:.0%}  {sentence(task.message)}")
        row.operator("impasto.cancel", text="", icon="CANCEL")
        if task.can_stop:
            row.operator("impasto.stop", text="", icon="CHECKMARK")
        if jobs.waiting:
            row.operator("impasto.cancel", text=f"+{len(jobs.waiting)}", icon="X", translate=False).is_next = True
        return
    row.alert = report is not None and report.level == "ERROR"
    said = _begun(sentence(report.text).split("; ")[0]) if report else ""
    line, *others = text_lines(said, text_width_px(0)) or [""]
    icon = ICONS.get(report.level, "ERROR") if report else "NONE"
    row.label(text=f"{line} …" if others else line, icon=icon, translate=False)


def name_place(layout: bpy.types.UILayout, place: Place) -> None:
    """Let the following buttons show their reports at this place."""
    layout.context_string_set(PLACE, place)
    jobs.drawn.add(place)


def draw_report(
    layout: bpy.types.UILayout, place: Place, *, said: str = "", buttons: bool = True, boxes: int = 0
) -> None:
    """Draw the report of the last task from this place, its notes as a list, and the buttons that may help.

    said: text that the panel shows already, which is not repeated. buttons: False if the panel has the engine's buttons
    already. boxes: number of nested boxes around the report.
    """
    report = jobs.report_at(place)
    if report is None or report.text == said:
        return
    column = layout.column()
    column.alert = report.level == "ERROR"
    text = sentence(report.text)
    said, *notes = [text] if report.level == "ERROR" else text.split("; ")
    draw_text(column, said, ICONS.get(report.level, "ERROR"), boxes)
    if notes and report.level == "INFO" and not boxes:
        header, details = column.panel(f"impasto_details_{place}", default_closed=True)
        header.label(text="Details")
        column = details
    for note in notes if column else ():
        draw_text(column, note, "DOT", boxes)
    if report.is_of_engine and buttons:
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
    """Draw a button and, if a click would be useless, the reason below it."""
    row = layout.row()
    row.scale_y = scale_y
    button = row.operator(name, **look)
    _draw_reasons(layout, (name,))
    return button


def operator_class(name: str) -> Any:
    """Class of our operator with this name, such as impasto.bake."""
    return getattr(bpy.types, name.replace("impasto.", "IMPASTO_OT_"))


def poll_message(name: str) -> str:
    """Reason why a click on this operator's button could do nothing useful; empty if it could."""
    return poll_message_of(operator_class(name), bpy.context)


def draw_operators(layout: bpy.types.UILayout, icons: Mapping[str, str]) -> None:
    """Draw buttons by name and icon and, below them, each reason why a click would be useless, once."""
    column = layout.column()
    for name, icon in icons.items():
        column.operator(name, icon=icon)
    _draw_reasons(layout, icons)


def _draw_reasons(layout: bpy.types.UILayout, names: Iterable[str]) -> None:
    for why in dict.fromkeys(map(poll_message, names)):
        if why:
            draw_text(layout, why, "INFO")


def draw_text(layout: bpy.types.UILayout, text: str, icon: str, boxes: int = 0) -> None:
    """Draw a text in several lines, since Blender's labels do not wrap. icon: "NONE" leaves no room for one.

    boxes: number of nested boxes around it.
    """
    column = layout.column(align=True)
    for line in text_lines(full_stop().join(map(_begun, sentence(text).split("; "))), text_width_px(boxes)):
        column.label(text=line, icon=icon, translate=False)
        icon = "BLANK1" if icon != "NONE" else icon


def text_width_px(boxes: int) -> float:
    """Width of a line of text in the current panel, within this number of nested boxes."""
    region, scale = bpy.context.region, ui_scale()
    return max(region.width - (MARGIN_PX + boxes * BOX_PX) * scale, LEAST_PX * scale) if region else USUAL_PX


def ui_scale() -> float:
    """Resolution scale of the interface; 1 without a window."""
    return bpy.context.preferences.system.ui_scale or 1.0


def _begun(part: str) -> str:
    """The sentence with a capital first letter, unless it begins with the name of data in the file."""
    names = (one.name for kind in NAMED_FIRST for one in getattr(bpy.data, kind))
    is_name = part[:1].islower() and any(_begins(part, name) for name in names)
    return part if is_name else part[:1].upper() + part[1:]


def _begins(part: str, name: str) -> bool:
    return part.startswith(name) and not part[len(name) :][:1].isalnum()


def text_lines(text: str, width_px: float) -> list[str]:
    """Lines of at most this width in Blender's font; Chinese text, which has no spaces, breaks anywhere."""
    blf.size(0, bpy.context.preferences.ui_styles[0].widget.points * ui_scale())  # of buttons
    lines = [""]
    for word in WORD.findall(text):
        fits = blf.dimensions(0, word.rstrip())[0] <= width_px
        for part in [word] if fits else word:
            if lines[-1] and blf.dimensions(0, (lines[-1] + part).rstrip())[0] > width_px:
                lines.append("")
            lines[-1] += part
    return [line.rstrip() for line in lines if line.strip()]


def draw_preferences_button(layout: bpy.types.UILayout) -> None:
    layout.operator("preferences.addon_show", text="Preferences", icon="PREFERENCES").module = engine.EXTENSION


UNIT_PX, ENDS_UNITS = 20, 2
"""Unit of widths: height of a button at a resolution scale of 1. Units for the margins of a text and for a button."""


def draw_status_bar(self: bpy.types.Header, _context: bpy.types.Context) -> None:
    """Draw the running task, if there is one."""
    if (status := jobs.status) is None:
        return
    row = self.layout.row(align=True)
    text = f"Impasto: {sentence(status.message)}"
    blf.size(0, bpy.context.preferences.ui_styles[0].widget.points)
    row.ui_units_x = blf.dimensions(0, text)[0] / UNIT_PX + ENDS_UNITS  # otherwise Blender would cut the text
    row.progress(factor=status.fraction, text=text)
    if jobs.shown_task:
        row.operator("impasto.cancel", text="", icon="CANCEL")


def register() -> None:
    bpy.types.STATUSBAR_HT_header.prepend(draw_status_bar)


def unregister() -> None:
    bpy.types.STATUSBAR_HT_header.remove(draw_status_bar)
