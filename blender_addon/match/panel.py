# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel for words and pictures, above the Impasto panel, whose sliders it sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

from ..bridge.inputs import Source
from ..engine.catalogue import catalogue
from ..generate import variations
from ..generate.variation_grid import draw_grid
from ..interface.drawing import draw_text
from ..jobs.task import Place
from ..parameters.open_numbers import WIDTH, draw_open_number
from ..tools.intents import WORDS
from ..tools.lists import is_pictured
from ..tools.panel import Tab, draw_makes, draw_run, in_editors
from ..tools.sources import chosen_source, draw_source
from .request import PICTURE, is_found, key_of
from .settings import MatchSettings


class MatchPanel(Tab):
    """Mixin: the same panel in each editor."""

    bl_label = "From Words"
    place = Place.MATCH
    intents = (WORDS,)

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        draw_makes(layout, context)
        settings = context.scene.impasto_match
        layout.prop(settings, "matcher")
        matcher = catalogue.matchers.get(settings.matcher)
        if matcher is None:
            layout.operator("impasto.refresh_tools", icon="FILE_REFRESH")
            return
        (_draw_picture if matcher["subject"] == PICTURE else _draw_text)(layout, settings, matcher)
        operator = "impasto.generate" if is_found(context.scene) else "impasto.match"
        reports = not is_pictured(context.scene.impasto.tool)  # else they are below the sliders
        draw_run(layout, operator, Place.MATCH, "TEXTURE", reports, text="Make")
        if matcher["can_edit"]:
            row = layout.row(align=True)
            row.use_property_split = False
            row.prop(settings, "change", text="", placeholder="Change")
            row.operator("impasto.change_by_words", text="", icon="CHECKMARK")
        if matcher["varies"] and (_subject(settings, matcher) or variations.variations_of(matcher["name"])):
            _draw_variations(layout, context, matcher)


PANELS = in_editors(MatchPanel, "match")


def _draw_text(layout: bpy.types.UILayout, settings: MatchSettings, matcher: Mapping[str, Any]) -> None:
    row = layout.row()
    row.use_property_split = False
    row.prop(settings, "text", text="", placeholder=matcher["example"])


def _draw_picture(layout: bpy.types.UILayout, settings: MatchSettings, _matcher: Mapping[str, Any]) -> None:
    column = layout.column()
    draw_source(column, settings)
    draw_open_number(column, settings.id_data.impasto, "width_m", WIDTH, "Real Width")


def _subject(settings: MatchSettings, matcher: Mapping[str, Any]) -> str | Source | None:
    """The words or the picture; None without a picture."""
    return chosen_source(settings) if matcher["subject"] == PICTURE else settings.text


def _draw_variations(layout: bpy.types.UILayout, context: bpy.types.Context, matcher: Mapping[str, Any]) -> None:
    settings = context.scene.impasto_match
    layout.operator("impasto.match_variations", icon="IMGDISPLAY")
    shown = variations.variations_of(matcher["name"])
    draw_grid(layout, context.scene.impasto, shown)
    subject = _subject(settings, matcher)
    if shown and not variations.are_of(key_of(matcher["name"], subject)):
        draw_text(layout, "These were made before something was changed", "INFO")
