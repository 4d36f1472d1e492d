# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel in other languages: a file of translations for each (the PO format, which translators' tools open).

Blender looks up its own labels and descriptions here. What is put together while it runs, such as an error with a
name in it, is looked up by `sentence`, as the text with {} for each value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

import bpy

LANGUAGES = ("de_DE", "fr_FR", "zh_HANS")
CONTEXTS = ("*", "Operator")
ENTRY = re.compile(r'^msgid "(.+)"\nmsgstr "(.+)"$', re.MULTILINE)
ESCAPED = re.compile(r"\\(.)")
VALUE = re.compile(r"\\\{\\\}")
FULL_STOPS = {"zh_HANS": "。"}


@cache
def words(language: str) -> dict[str, str]:
    """The translations of a language by their English."""
    text = (Path(__file__).parent / f"{language}.po").read_text(encoding="utf-8")
    if "\\" not in text:
        return dict(ENTRY.findall(text))
    return {_plain(english): _plain(translated) for english, translated in ENTRY.findall(text)}


def _plain(text: str) -> str:
    return ESCAPED.sub(lambda match: match[1], text) if "\\" in text else text


def language() -> str:
    """The language of the interface; empty where it is one that is not here, or English."""
    locale = bpy.app.translations.locale
    return locale if locale in LANGUAGES and bpy.context.preferences.view.use_translate_interface else ""


def sentence(text: str, into: str | None = None) -> str:
    """A text in the interface's language, sentence and remedy each for itself; English where it is not known."""
    chosen = language() if into is None else into
    return _sentence(text, chosen) if chosen and text else text


def full_stop() -> str:
    """What stands between two sentences."""
    return FULL_STOPS.get(language(), ". ")


@lru_cache(maxsize=512)
def _sentence(text: str, chosen: str) -> str:
    known = words(chosen)
    if text in known:
        return known[text]
    if "; " in text:
        return "; ".join(_sentence(part, chosen) for part in text.split("; "))
    bare = text.strip()
    if bare in known:
        return text.replace(bare, known[bare])
    if bare.endswith(".") and bare[:-1] in known:
        return text.replace(bare, known[bare[:-1]] + FULL_STOPS.get(chosen, "."))
    for pattern, translated in _templates(chosen):
        if match := pattern.fullmatch(bare):
            return text.replace(bare, translated.format(*(_sentence(value, chosen) for value in match.groups())))
    head, colon, rest = text.partition(": ")
    return f"{known[head]}{colon}{rest}" if head in known else text


@cache
def _templates(chosen: str) -> list[tuple[re.Pattern[str], str]]:
    """The texts with values in them, those that say most first."""
    found = {english: translated for english, translated in words(chosen).items() if "{}" in english}
    longest_first = sorted(found, key=lambda english: -len(english.replace("{}", "")))
    patterns = {english: VALUE.sub("(.*)", re.escape(english)) for english in longest_first}
    return [(re.compile(pattern, re.DOTALL), found[english]) for english, pattern in patterns.items()]


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
