"""Translations: every text that a user may see has one, and no translation is left of a removed text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from impasto.plugins.installation import description

from ..source import ROOT
from . import raised, visible

FOLDER = ROOT / "blender_addon" / "translations"
LANGUAGES = ("de_DE", "fr_FR", "zh_HANS")
ENTRY = re.compile(r'^msgid "(.+)"\nmsgstr "(.+)"$', re.MULTILINE)


def problems() -> Iterator[str]:
    declared = visible.of_description(description(), label_of, choices_of)
    shown, constants = visible.of_source(ROOT / "blender_addon")
    shown |= dict.fromkeys(declared, "a tool")
    texts, formatted = raised.texts()
    of_engine = {text: place for text, place in texts.items() if text not in shown}
    yield from formatted
    for language in LANGUAGES:
        words, errors = (entries(name) for name in (f"{language}.po", f"errors/{language}.po"))
        yield from (f"{shown[text]}: no {language} of: {text}" for text in shown.keys() - words.keys())
        untold = of_engine.keys() - words.keys() - errors.keys()
        yield from (f"{of_engine[text]}: no {language} of: {text}" for text in untold)
        stale = (words.keys() - constants - shown.keys()) | (errors.keys() - of_engine.keys())
        yield from (f"{language}: shown nowhere: {text}" for text in stale)
        for english, translated in (*words.items(), *errors.items()):
            marks = re.findall(r"\{\d?\}", translated)
            numbered = [f"{{{index}}}" for index in range(len(marks))]
            if len(marks) != english.count("{}") or (set(marks) - {"{}"} and sorted(marks) != numbered):
                yield f"{language}: other values than: {english}"
            if translated.strip() != translated and english.strip() == english:
                yield f"{language}: blanks around: {translated}"


def entries(name: str) -> dict[str, str]:
    """Translations of a file, by their English."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    found = [tuple(re.sub(r"\\(.)", r"\1", part) for part in entry) for entry in ENTRY.findall(text)]
    if len(dict(found)) != text.count("\nmsgid ") - 1:
        raise ValueError(f"{name} has a text twice, or one over several lines")
    return dict(found)


def label_of(name: str, schema: Mapping[str, Any]) -> str:
    """The extension's label of a parameter."""
    made = name.replace("_", " ").title()
    title = str(schema.get("title", made))
    return made.removesuffix(" Px").removesuffix(" M") if title == made else title


def choices_of(schema: Mapping[str, Any]) -> list[Any]:
    """Choices of a parameter."""
    return schema.get("enum") or ([schema["const"]] if "const" in schema else [])
