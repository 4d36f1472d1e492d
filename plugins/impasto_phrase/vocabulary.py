"""The vocabulary: expressions in both languages and their meanings, from the tables in `words`."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from impasto.errors import Message
from impasto.parameters import properties_of
from impasto.plugins.registry import registry
from impasto.system.untrusted import excerpt

from .palettes import between

WORDS = Path(__file__).with_name("words")


@cache
def table(name: str) -> dict[str, Any]:
    """A table in `words`, by name."""
    return tomllib.loads((WORDS / f"{name}.toml").read_text(encoding="utf-8"))


MATERIAL_KEYS = ("kind", "material", "hint", "maybe")
"""Keys under which a word names a material, the firmest first; `kind`: from the table of kinds."""

GRAMMAR = {*("degree", "deepens", "brightens", "compare", "amount", "after"), *("role", "across", "and", "split")}
GRAMMAR |= {"ignored", "noun", "generic", "adds", "form", "near", "thing", "every", "coat", "body"}
"""Keys, other than slots, that say how a word combines with others."""
MOST_NEAREST = 12
"""Most unknown words with suggestions, since each takes a few milliseconds."""
OF_FIRST = 0.4
"""Share of the first hue in a colour of two hues."""
COMPARATIVES: Mapping[str, Sequence[str]] = table("grammar")["comparatives"]
"""For each quality, its comparative with "more" and with "less"."""
COMPARED = frozenset(value for pair in COMPARATIVES.values() for value in pair) | {"more", "less"}

COLORS = ("color", "second_color", "joint_color", "vein_color", "chip_color")
"""Slots of colours: of the material, and of its parts."""
STRONGER = {"small": "tiny", "large": "huge"}
AS_DEGREE = {"tiny": "little", "small": "little", "large": "much", "huge": "much", "sparse": "little", "dense": "much"}
"""Degrees that words of size and density mean for features, such as "large cracks"."""
AS_COMPARATIVE = {"larger": "more", "denser": "more", "smaller": "less", "sparser": "less"}
NATURAL = {"moss": ("green",), "rust": ("red", "brown", "orange", "reddish-brown"), "dirt": ("brown", "black", "grey")}
"""Implied colours of things on a material."""


@dataclass(frozen=True)
class Meaning:
    """Values by slot. own: values that replace them for a material. like: slots and parameters of a kind."""

    values: Mapping[str, str]
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    like: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Meaning:
        """The meaning from a table's text, such as `material=roof-tiles pattern=slate`."""
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
        general = {key: value for key, value in self.values.items() if key in (*MATERIAL_KEYS, *GRAMMAR)}
        return {**general, **self.own[material]}

    @property
    def material(self) -> tuple[int, str] | None:
        """Firmness, 3 to 0, and name of the material that the word names; None for other words."""
        for firmness, key in zip((3, 3, 2, 1), MATERIAL_KEYS, strict=True):
            if key in self.values:
                return 0 if "thing" in self.values else firmness, self.values[key]
        return None


@dataclass(frozen=True)
class Vocabulary:
    """Meanings by expression: tuples of words in English, text in Chinese. colors: hex by name. basic: plain hues."""

    english: Mapping[tuple[str, ...], Meaning]
    chinese: Mapping[str, Meaning]
    colors: Mapping[str, str]
    basic: frozenset[str]
    written: Mapping[str, str]  # the spelling of each English expression, by its singular words

    def one_color(self, first: str, second: str) -> str:
        """The colour of two neighbouring names: "navy blue" is navy, "blue grey" is in between, as a hex code."""
        if first in self.basic and second in self.basic:
            return between(self.colors[second], self.colors[first], OF_FIRST)
        return second if first in self.basic else first

    def nearest(self, word: str, cutoff: float = 0.75) -> Sequence[str]:
        """Up to three known expressions spelled like a word."""
        return [self.written[name] for name in difflib.get_close_matches(word, list(self.written), n=3, cutoff=cutoff)]


def singular(word: str) -> str:
    """A word without its plural ending, or a stem shared by all its forms, as of `leaves` and `leaf`."""
    endings = (("ies", "y"), ("ves", "f"), ("ve", "f"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"))
    for ending, instead in endings:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    return word[:-1] if len(word) > 3 and re.search(r"[^sui]s$", word) else word


def words_of(expression: str) -> tuple[str, ...]:
    """Words of an English expression in the singular; hyphens separate words."""
    return tuple(singular(word.removesuffix("'s")) for word in re.split(r"[\s\-]+", expression.lower()) if word)


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of both languages, read once."""
    english, chinese = ({text: Meaning.of(key) for key, text in _expressions(name)} for name in ("english", "chinese"))
    colors: Mapping[str, Mapping[str, Any]] = table("colors")
    for name, about in colors.items():
        english |= dict.fromkeys(about["en"], Meaning({"color": name}))
        chinese |= dict.fromkeys(about["zh"], Meaning({"color": name}))
    kinds = dict.fromkeys(table("grammar")["bodies"], Meaning({"body": "yes"})) | dict(_kinds())
    return Vocabulary(
        {words_of(text): meaning for text, meaning in (kinds | english).items()},
        kinds | chinese,
        {name: about["hex"] for name, about in colors.items()},
        frozenset(name for name, about in colors.items() if about.get("basic")),
        {text: text for text, meaning in english.items() if not meaning.values.keys() & {"ignored", "split", "and"}},
    )


@cache
def materials() -> Mapping[str, Mapping[str, Any]]:
    """The parameters for the slots of each material, by the material's name."""
    return table("materials")


def can_show(material: str | None, slot: str, value: str) -> bool:
    """Whether a material has a choice, such as brushed metal."""
    about = materials().get(material or "", {})
    fields = properties_of(registry().tool(material).parameters) if material and about else {}
    return f"{slot}={value}" in about.get("own", {}) or any(value in one.get("enum", ()) for one in fields.values())


def _kinds() -> Iterator[tuple[str, Meaning]]:
    """Expressions of the table of kinds in both languages; those of [is] and [made] need no note."""
    for group, meanings in table("kinds").items():
        for meaning, expressions in meanings.items():
            name, *values = meaning.split()
            said = {
                "is": {},
                "near": {"near": "yes"},
                "made": {"thing": "yes"},
                "things": {"near": "yes", "thing": "yes"},
            }[group]
            for text in expressions:
                yield text, Meaning({"kind": name, **said}, like=dict(value.split("=") for value in values))


def _expressions(language: str) -> list[tuple[str, str]]:
    return [
        (meaning, text)
        for group in table(language).values()
        for meaning, expressions in group.items()
        for text in expressions
    ]


def nearest_to(words: Sequence[str]) -> dict[str, Sequence[str]]:
    """Known expressions spelled like each unknown word; () for words after the first MOST_NEAREST."""
    known = vocabulary()
    return {
        word: known.nearest(word) if place < MOST_NEAREST else () for place, word in enumerate(dict.fromkeys(words))
    }


def words_without_meaning(words: Sequence[str]) -> list[str]:
    """A note for each unknown word, with known words spelled like it."""
    text, with_known = "{} has no meaning here", "{} has no meaning here; known is {}"
    near_words = nearest_to(words).items()
    return [Message(with_known if near else text, excerpt(word), ", ".join(near)) for word, near in near_words]
