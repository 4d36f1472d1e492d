"""Procedural materials from random phrases, for a training set with captions that are known to be true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from impasto.parameters import properties_of
from impasto.plugins.registry import registry
from impasto.recipe import Recipe, Step
from impasto.running.runner import run
from impasto.texture import Maps

from ..building import change
from ..matcher import read_phrase
from ..variations import vary
from ..vocabulary import materials, vocabulary
from .captions import Facts, facts_of

COLORED = 0.75
"""Share of drawn materials with a colour from the vocabulary instead of their own."""
SHADED = 0.3
WEATHERED = 0.25
"""Probability of each kind of weathering."""
WEATHERING = {"wear": "worn", "dirt": "dirty", "moss": "mossy", "wetness": "wet"}
DEGREES = {"little": "slightly", "some": "", "much": "very"}


@dataclass(frozen=True)
class PhraseDrawing:
    """A procedural material with a random phrase, the values by slot, and its recipe."""

    material: str
    phrase: str
    slots: Mapping[str, str]
    recipe: Recipe


def drawings(names: Sequence[str], count: int, size_px: int, seed: int) -> Iterator[PhraseDrawing]:
    """`count` drawings of each material; a drawing does not depend on the other materials."""
    for name in names:
        place = sorted(materials()).index(name)
        for number in range(count):
            yield drawing(name, size_px, np.random.default_rng([seed, place, number]))


def drawing(material: str, size_px: int, rng: np.random.Generator) -> PhraseDrawing:
    """A material with a random phrase, which may name a colour, a shade and weathering, and its recipe."""
    slots: dict[str, str] = {}
    words: list[str] = []
    tool = registry().tool(material)
    for kind, word in WEATHERING.items():
        if kind in properties_of(tool.parameters) and kind != material and rng.random() < WEATHERED:
            slots[kind] = str(rng.choice(list(DEGREES)))
            words.append(f"{DEGREES[slots[kind]]} {word}".strip())
    if rng.random() < SHADED:
        words.append(str(rng.choice(["dark", "light"])))
    if rng.random() < COLORED:
        words.append(str(rng.choice(sorted(vocabulary().colors.values()))))
    phrase = " ".join([*words, tool.label.lower()])
    reading = read_phrase(phrase)
    reading.material = material  # some labels, such as that of moss, also mean a layer on others
    seed = int(rng.integers(1, 2**31))
    _, described, _, _ = change(Step(material, {}), reading)
    parameters = {**vary(material, described, seed), "width_px": size_px, "height_px": size_px}
    return PhraseDrawing(material, phrase, slots, Recipe((Step(material, parameters),), seed))


def draw(drawing: PhraseDrawing) -> tuple[Maps, Facts]:
    """The maps of a drawing, and the facts for its captions."""
    maps = run(drawing.recipe).maps
    return maps, facts_of(maps, drawing.material, drawing.slots)
