# SPDX-License-Identifier: GPL-3.0-or-later
"""List of models, a section of the Train panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

from ..engine.catalogue import catalogue
from ..interface import previews
from ..interface.drawing import draw_report, draw_text, name_place
from ..jobs.task import Place
from ..translations.texts import sentence
from .operators import report_poll_message


def draw_models(layout: bpy.types.UILayout) -> None:
    name_place(layout, Place.MODELS)
    for model in catalogue.models:
        _draw_model(layout.box().row(), model)
    for damaged in catalogue.damaged_models:
        column = layout.column()
        column.alert = True
        draw_text(column, f"{damaged['name']}: {damaged['error']}; {damaged['remedy']}", "ERROR")
    row = layout.row(align=True)
    row.operator("impasto.install_model", icon="IMPORT")
    row.operator("impasto.refresh_tools", text="Refresh", icon="FILE_REFRESH")
    draw_report(layout, Place.MODELS)


def _draw_model(row: bpy.types.UILayout, model: Mapping[str, Any]) -> None:
    """Draw thumbnail, name, kind, size and licence, and the buttons that use and remove it."""
    if icon := previews.icon_of_model(model):
        row.template_icon(icon, scale=3)
    column = row.column(align=True)
    column.label(text=model["name"], translate=False)
    column.label(text=f"{_kind(model)}, {_size(model['bytes'])}", translate=False)
    column.label(text=model["licence"], translate=False)
    column = row.column(align=True)
    column.operator("impasto.use_model", text="", icon="CHECKMARK").name = model["name"]
    if not report_poll_message(model):
        column.operator("impasto.open_report", text="", icon="DOCUMENTS").name = model["name"]
    if not model["shipped"]:
        column.operator("impasto.remove_model", text="", icon="TRASH").name = model["name"]


def _kind(model: Mapping[str, Any]) -> str:
    """Its material, or the number of those that it makes, as a line has no room for their names."""
    classes = model["classes"]
    return model["material"] or (sentence(f"{len(classes)} materials") if classes else model["tool"])


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{count / 2**10:.0f} kB"
