# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of published weights: all of them in the preferences, those that a tool needs in its panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import bpy

from ..engine.catalogue import catalogue
from ..interface.drawing import draw_text
from ..jobs.session import jobs
from ..parameters import properties
from . import weights

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
    if missing := weights.missing_for(tool, properties.parameters_of(context.scene, tool)):
        box = layout.box()
        draw_text(box, f"{tool['label']} needs weights, which are not installed", "INFO")
        _draw_list(box, missing)


def _draw_list(layout: bpy.types.UILayout, listed: Sequence[Mapping[str, Any]]) -> None:
    for item in listed:
        _draw_one(layout.box().column(), item)
    if any(item["downloadable"] for item in listed) and (why := weights.download_poll_message()):
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
    draw_text(layout, f"{weights.terms(item)}; {item['description']}", "BLANK1", boxes=BOXES)
    if item["error"]:
        column = layout.column()
        column.alert = True
        draw_text(column, item["error"], "ERROR", boxes=BOXES)
    elif not (item["installed"] or item["downloadable"]):
        draw_text(layout, item["how_to_get"], "BLANK1", boxes=BOXES)
    elif not (item["installed"] or jobs.shown_task):
        layout.operator("impasto.download_weights", text="Download", icon="IMPORT").name = item["name"]
