# SPDX-License-Identifier: GPL-3.0-or-later
"""Translations of visible texts: a file for each language in the PO format, which translators' tools open.

Blender itself looks up labels and descriptions. `sentence` looks up texts with values in them, such as an error with a
name, with {} for each value. The engine's errors, notes and progress have their own files, in `errors`, which are read
when the first of these texts is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, cached_property, lru_cache
from pathlib import Path

import bpy

LANGUAGES = ("de_DE", "fr_FR", "zh_HANS")
CONTEXTS = ("*", "Operator")
ENTRY = re.compile(r'^msgid "(.+)"\nmsgstr "(.+)"$', re.MULTILINE)
ESCAPED = re.compile(r"\\(.)")
NAMING = re.compile(r"(the|what) .*(of|in|into|model|weights) \{\}")
"""Pattern of a text that is only a subject: "the card of {}", before " is empty"."""
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


def sentence(text: str, into: str | None = None) -> str:
    """Text in the interface's language, each of its sentences by itself; English if there is no translation."""
    chosen = language() if into is None else into
    return _sentence(text, chosen) if chosen and text else text


def full_stop() -> str:
    """Separator of two sentences."""
    return FULL_STOPS.get(language(), ". ")


@lru_cache(maxsize=512)
def _sentence(text: str, chosen: str) -> str:
    known = _known_texts(chosen)
    if text in known:
        return known[text]
    if "; " in text:
        return "; ".join(_sentence(part, chosen) for part in text.split("; "))
    bare = text.strip()
    if bare in known:
        return text.replace(bare, known[bare])
    if bare.endswith(".") and bare[:-1] in known:
        return text.replace(bare, known[bare[:-1]] + FULL_STOPS.get(chosen, "."))
    if bare.endswith(")") and bare.count(")") > bare.count("("):  # the last of several in brackets
        return text.replace(bare, _sentence(bare[:-1], chosen) + ")")
    for template in _templates(chosen):
        if (values := template.values(bare)) is not None:
            return text.replace(bare, template.translated.format(*(_sentence(value, chosen) for value in values)))
    head, colon, rest = text.partition(": ")
    if head in known:
        return f"{known[head]}{colon}{rest}"
    phrases = text.split(", ")  # as of progress: names alone stay
    if len(phrases) > 1 and any(" " in phrase for phrase in phrases):
        return ", ".join(_sentence(phrase, chosen) if " " in phrase else phrase for phrase in phrases)
    return text


@cache
def _known_texts(chosen: str) -> dict[str, str]:
    return engine_texts(chosen) | words(chosen)


class _Template:
    """A text with values in it, and its translation."""

    def __init__(self, english: str, translated: str) -> None:
        self.pieces = english.split("{}")
        self.translated = translated

    def values(self, text: str) -> Sequence[str] | None:
        """Values in a text for each {}; None if the text does not match."""
        if not all(piece in text for piece in self.pieces):  # much faster than a pattern, and nearly all end here
            return None
        match = self._pattern.fullmatch(text)
        return match and match.groups()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("(.*)".join(map(re.escape, self.pieces)), re.DOTALL)


@cache
def _templates(chosen: str) -> list[_Template]:
    """Texts with values in them: sentences before subjects, the most specific first."""

    def rank(english: str) -> tuple[bool, int, int]:
        return bool(NAMING.fullmatch(english)), english.count("{}") * 2 - len(english), -english.count("{}")

    known = _known_texts(chosen)
    return [_Template(english, known[english]) for english in sorted(known, key=rank) if "{}" in english]


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
