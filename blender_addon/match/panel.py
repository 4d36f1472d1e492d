# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel for words and pictures, above the Impasto panel, whose sliders it sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import EnumProperty, StringProperty

from ..engine.catalogue import catalogue
from ..generate import variations
from ..generate.favourites import draw_grid
from ..interface.drawing import draw_text
from ..jobs.session import jobs
from ..jobs.task import Place
from ..parameters.operators import WIDTH, draw_open_number
from ..tools.lists import MATCHER, WORDS, is_pictured, items_of
from ..tools.panel import Tab, draw_makes, draw_run, in_editors
from ..tools.sources import A_FILE, AN_IMAGE, SourceSettings, draw_source
from .request import PICTURE, chosen_subject, is_found, key_of

MOST_SUGGESTIONS = 40
LONGEST_ENDING = 6
"""Most characters at the end of a text without spaces, such as Chinese, that may begin a word."""


def suggestions(known: list[str], typed: str) -> list[str]:
    """Known texts that contain what is typed, then what is typed with its last word completed.

    The last word is completed to a known one; the plural of a known word stays. Blender shows only similar texts.
    """
    text = typed.casefold()
    found = [known_text for known_text in known if text in known_text.casefold()]
    for begin in _beginnings_of_last_word(typed):
        head, last = typed[:begin], text[begin:]
        found += [head + word for word in known if word.casefold().startswith(last)]
        if any(last in (f"{word}s".casefold(), f"{word}es".casefold()) for word in known):
            found.append(typed)
    return list(dict.fromkeys(found))[:MOST_SUGGESTIONS]


def _beginnings_of_last_word(typed: str) -> list[int]:
    """Positions where the last word may begin: after a space or, without spaces as in Chinese, near the end."""
    if not typed.strip() or typed[-1].isspace():
        return []
    last = len(typed) - len(typed.split()[-1])
    near = range(max(last, len(typed) - LONGEST_ENDING), len(typed)) if not typed[-1].isascii() else ()
    return sorted({last, *near})


def _suggest(settings: MatchSettings, _context: bpy.types.Context, typed: str) -> list[str]:
    about = catalogue.matchers.get(settings.matcher)
    return suggestions(about["suggestions"], typed) if about else []


class MatchSettings(SourceSettings, bpy.types.PropertyGroup):
    """Settings of the panel for words and pictures, in each scene."""

    matcher: EnumProperty(
        name="From",
        description="What the material is made from",
        items=items_of(MATCHER),
        update=lambda _settings, _context: jobs.forget(Place.MATCH),
    )
    text: StringProperty(
        name="Words",
        description="One material in a few words: its kind, colours, pattern, size, wear",
        search=_suggest,
        search_options={"SUGGESTION"},
    )
    change: StringProperty(
        name="Change",
        description="What shall be different, such as a little darker, wetter, or no cracks",
        search=_suggest,
        search_options={"SUGGESTION"},
    )
    source_kind: EnumProperty(
        name="Source", description="The picture that the material shall look like", items=(A_FILE, AN_IMAGE)
    )


POINTER = (bpy.types.Scene, "impasto_match", MatchSettings)


class MatchPanel(Tab):
    """Base of the panel: `in_editors` makes a class of it for each editor."""

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
        if matcher["subject"] == PICTURE:
            draw_source(layout.column(), settings)
            draw_open_number(layout, context.scene.impasto, "width_m", WIDTH, "Real Width")
        else:
            row = layout.row()
            row.use_property_split = False
            row.prop(settings, "text", text="", placeholder=matcher["example"])
        operator = "impasto.generate" if is_found(context.scene) else "impasto.match"
        reports = not is_pictured(context.scene.impasto.tool)  # else they are below the sliders
        draw_run(layout, operator, Place.MATCH, "TEXTURE", reports, text="Make")
        if matcher["can_edit"]:
            row = layout.row(align=True)
            row.use_property_split = False
            row.prop(settings, "change", text="", placeholder="Change")
            row.operator("impasto.change_by_words", text="", icon="CHECKMARK")
        if matcher["varies"] and (chosen_subject(settings) or variations.variations_of(matcher["name"])):
            _draw_variations(layout, context, matcher)


PANELS = in_editors(MatchPanel, "match")


def _draw_variations(layout: bpy.types.UILayout, context: bpy.types.Context, matcher: Mapping[str, Any]) -> None:
    settings = context.scene.impasto_match
    layout.operator("impasto.match_variations", icon="IMGDISPLAY")
    latest = variations.variations_of(matcher["name"])
    draw_grid(layout, context.scene.impasto, latest)
    if latest and not variations.are_of(key_of(matcher["name"], chosen_subject(settings))):
        draw_text(layout, "These were made before something was changed", "INFO")
