# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the panel for words and pictures, in each scene; what is typed is completed by the matcher's words."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, StringProperty

from ..engine.catalogue import catalogue
from ..jobs.session import jobs
from ..jobs.task import Place
from ..tools.lists import MATCHER, items_of
from ..tools.sources import A_FILE, AN_IMAGE, SourceSettings

MOST_SUGGESTIONS = 40
LONGEST_ENDING = 6
"""Characters of a text without spaces, such as Chinese, that may be the beginning of its last word."""


def suggestions(known: list[str], typed: str) -> list[str]:
    """Known texts that contain what is typed, then what is typed with its last word completed.

    The word is completed by a known one, or is the plural of one. Blender shows only those that are like what is typed.
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
        name="Source",
        description="The picture that the material shall look like",
        items=(
            A_FILE,
            AN_IMAGE,
        ),
    )


POINTER = (bpy.types.Scene, "impasto_match", MatchSettings)
