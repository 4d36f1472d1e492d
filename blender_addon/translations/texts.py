# SPDX-License-Identifier: GPL-3.0-or-later
"""Translations of visible texts: a file for each language in the PO format, which translators' tools open.

Blender itself looks up labels and descriptions. `sentence` looks up messages by their ids, with {} for each value. The
engine's errors, notes and progress have their own files, in `errors`, which are read when the first of them is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import bpy

from ..core.errors import Message, text_of

LANGUAGES = ("de_DE", "fr_FR", "zh_HANS")
CONTEXTS = ("*", "Operator")
ENTRY = re.compile(r'^msgid "(.+)"\nmsgstr "(.+)"$', re.MULTILINE)
ESCAPED = re.compile(r"\\(.)")
FULL_STOPS = {"zh_HANS": "。"}


@cache
def words(language: str) -> dict[str, str]:
    """Translations into a language, by their English."""
    return _read(f"{language}.po")


@cache
def engine_texts(language: str) -> dict[str, str]:
    """Translations of the engine's texts, by their English."""
    return _read(f"errors/{language}.po")


def _read(name: str) -> dict[str, str]:
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    if "\\" not in text:
        return dict(ENTRY.findall(text))
    return {_plain(english): _plain(translated) for english, translated in ENTRY.findall(text)}


def _plain(text: str) -> str:
    return ESCAPED.sub(lambda match: match[1], text) if "\\" in text else text


def language() -> str:
    """Language of the interface; empty for English and languages without translation."""
    locale = bpy.app.translations.locale
    return locale if locale in LANGUAGES and bpy.context.preferences.view.use_translate_interface else ""


def sentence(text: str, *values: object) -> str:
    """Text in the interface's language; English if there is no translation. values: as in `Message`."""
    message, chosen = Message(text, *values), language()
    return translation(message, chosen) if chosen else message


def full_stop() -> str:
    """Separator of two sentences."""
    return FULL_STOPS.get(language(), ". ")


def translation(text: str, chosen: str) -> str:
    """A message in a language, by its id, and its values by themselves; English if there is no translation."""
    known = _known_texts(chosen)
    if isinstance(text, Message) and text.values:
        return text_of(known.get(text.id, text.id), [translation(value, chosen) for value in text.values])
    if text.endswith(".") and text[:-1] in known:
        return known[text[:-1]] + FULL_STOPS.get(chosen, ".")
    return known.get(text, text)


@cache
def _known_texts(chosen: str) -> dict[str, str]:
    return engine_texts(chosen) | words(chosen)


def _dictionary() -> Mapping[str, dict[tuple[str, str], str]]:
    return {
        chosen: {
            (context, english): translated
            for english, translated in words(chosen).items()
            if "{}" not in english
            for context in CONTEXTS
        }
        for chosen in LANGUAGES
    }


def register() -> None:
    bpy.app.translations.register(__name__, _dictionary())


def unregister() -> None:
    bpy.app.translations.unregister(__name__)
