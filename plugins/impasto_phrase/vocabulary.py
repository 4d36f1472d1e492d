"""The vocabulary: expressions of both languages and their meanings, from the tables in `words`."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

WORDS = Path(__file__).with_name("words")
MATERIAL_KEYS = ("material", "hint", "maybe")
"""Keys under which a word names a material, the firmest first."""

COMPARATIVES = {
    "dark": ("darker", "lighter"),
    "light": ("lighter", "darker"),
    "bright": ("lighter", "darker"),
    "warm": ("warmer", "cooler"),
    "cool": ("cooler", "warmer"),
    "large": ("larger", "smaller"),
    "huge": ("larger", "smaller"),
    "small": ("smaller", "larger"),
    "tiny": ("smaller", "larger"),
    "glossy": ("glossier", "duller"),
    "satin": ("glossier", "duller"),
    "matte": ("duller", "glossier"),
    "rough": ("rougher", "smoother"),
    "smooth": ("smoother", "rougher"),
    "dense": ("denser", "sparser"),
    "sparse": ("sparser", "denser"),
    "irregular": ("more_irregular", "more_regular"),
    "regular": ("more_regular", "more_irregular"),
    "mottled": ("more_mottled", "more_uniform"),
    "uniform": ("more_uniform", "more_mottled"),
}
"""Comparatives of qualities: with "more", and with "less"."""
COMPARED = frozenset(value for pair in COMPARATIVES.values() for value in pair) | {"more", "less"}


@dataclass(frozen=True)
class Meaning:
    """Values by slot; `own` are those for one material, by its name, which take the place of the others."""

    values: Mapping[str, str]
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Meaning:
        """The meaning that a table states, such as `material=roof-tiles pattern=slate`."""
        values: dict[str, str] = {}
        own: dict[str, dict[str, str]] = {}
        for part in text.split():
            slot, _, value = part.partition("=")
            material, _, of_material = slot.rpartition(".")
            (own.setdefault(material, {}) if material else values)[of_material] = value
        return cls(values, own)

    def for_material(self, material: str | None) -> Mapping[str, str]:
        """Values by slot for one material."""
        if material is None or material not in self.own:
            return self.values
        names = {key: value for key, value in self.values.items() if key in MATERIAL_KEYS}
        return {**names, **self.own[material]}

    @property
    def material(self) -> tuple[int, str] | None:
        """Firmness, from 3 to 1, and name of the material that is named; None for other words."""
        for firmness, key in zip((3, 2, 1), MATERIAL_KEYS, strict=True):
            if key in self.values:
                return firmness, self.values[key]
        return None


@dataclass(frozen=True)
class Vocabulary:
    """Meanings by expression: tuples of words in English, text in Chinese. colors: hex by name. basic: plain hues."""

    english: Mapping[tuple[str, ...], Meaning]
    chinese: Mapping[str, Meaning]
    colors: Mapping[str, str]
    basic: frozenset[str]
    written: Mapping[str, str]  # each English expression as it is written, by its words in the singular

    def nearest(self, word: str) -> Sequence[str]:
        """Up to three known expressions that are written like a word."""
        return [self.written[name] for name in difflib.get_close_matches(word, list(self.written), n=3, cutoff=0.75)]


def singular(word: str) -> str:
    """A word without the ending of its plural, or something that all forms of it share: `leaves` and `leaf`."""
    for ending, instead in (("ies", "y"), ("ves", "f"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    return word[:-1] if len(word) > 3 and re.search(r"[^sui]s$", word) else word


def words_of(expression: str) -> tuple[str, ...]:
    """Words of an English expression in the singular; hyphens separate words."""
    return tuple(singular(word) for word in re.split(r"[\s\-]+", expression.lower()) if word)


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of both languages, read once."""
    english, chinese = ({text: Meaning.of(key) for key, text in _expressions(name)} for name in ("english", "chinese"))
    colors: Mapping[str, Mapping[str, Any]] = table("colors")
    for name, about in colors.items():
        english |= dict.fromkeys(about["en"], Meaning({"color": name}))
        chinese |= dict.fromkeys(about["zh"], Meaning({"color": name}))
    return Vocabulary(
        {words_of(text): meaning for text, meaning in english.items()},
        chinese,
        {name: about["hex"] for name, about in colors.items()},
        frozenset(name for name, about in colors.items() if about.get("basic")),
        {text: text for text, meaning in english.items() if not meaning.values.keys() & {"ignored", "split", "and"}},
    )


@cache
def materials() -> Mapping[str, Mapping[str, Any]]:
    """The parameters of each material's slots, by the material's name."""
    return table("materials")


def _expressions(language: str) -> list[tuple[str, str]]:
    return [
        (meaning, text)
        for group in table(language).values()
        for meaning, expressions in group.items()
        for text in expressions
    ]


def table(name: str) -> dict[str, Any]:
    """A table of `words`, by its name."""
    return tomllib.loads((WORDS / f"{name}.toml").read_text(encoding="utf-8"))
