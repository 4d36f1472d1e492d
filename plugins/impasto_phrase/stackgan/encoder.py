"""Features of a phrase without a downloaded network: hashed n-grams, and meanings of words by slot.

Words and their parts are hashed into buckets (Weinberger et al. 2009; parts of words: Bojanowski et al. 2017), so that
any language and spelling has features. Words that `impasto_phrase` knows also say a material, colours and qualities,
the same in English and in Chinese.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from impasto.errors import ParameterError
from impasto.parameters import color_of

from ..matcher import read_phrase
from ..palettes import lab_of, shade_of
from ..reading import QUALITIES, Reading
from ..vocabulary import COMPARED, materials, singular, vocabulary

BUCKETS = 4096
"""Number of hashed features. With 16,384 the model is no better (docs/explanation/generators.md), and 0.8 MB larger."""
PART_CHARACTERS = (3, 4)
LEVELS = {"no": -1.0, "little": 0.3, "some": 0.6, "much": 1.0}
LEVEL_SLOTS = ("wear", "dirt", "moss", "wetness", "cracks", "stains", "rust", "paint", "snow_cover", "leaf_cover")
COLOR_SLOTS = ("color", "second_color", "joint_color")
COLOR_PARTS = ("said", "L", "a", "b")
SHADES = ("dark", "light", "bright")
OKLAB_SCALE = np.array([2.0, 8.0, 8.0])
"""Factors that give Oklab, less (0.5, 0, 0), about the spread of the other features."""
_WORD = re.compile(r"[^\W\d_\u3400-\u9fff]+|[\u3400-\u4dbf\u4e00-\u9fff]|#[0-9a-fA-F]{3,6}")


def usual_slots() -> tuple[str, ...]:
    """Names of a new model's slots; its card stores them, since the vocabulary may grow."""
    qualities = sorted({f"{slot}={value}" for slot, value in _quality_values()})
    colors = [f"{slot}.{part}" for slot in COLOR_SLOTS for part in COLOR_PARTS]
    return (*(f"material={name}" for name in sorted(materials())), *LEVEL_SLOTS, *qualities, *colors)


def features_of(text: str, slots: Sequence[str]) -> np.ndarray:
    """Features (BUCKETS + len(slots),) float32: shares of the n-grams by bucket, then a value for each slot."""
    grams = [_bucket(gram) for gram in _grams(text)]
    shares = np.bincount(grams, minlength=BUCKETS) / max(len(grams), 1) ** 0.5
    said = _slot_values(text)
    return np.concatenate([shares, [said.get(name, 0.0) for name in slots]]).astype(np.float32)


def words_of(text: str) -> list[str]:
    """The lower-case words of a text: English words in the singular, Chinese characters one by one."""
    return [singular(word) for word in _WORD.findall(text.lower()) if not word.startswith("#")]


def _grams(text: str) -> Iterator[str]:
    """Words, pairs of neighbouring words, and parts of words."""
    words = words_of(text)
    yield from words
    yield from map(" ".join, pairwise(words))
    for word in words:
        marked = f"<{word}>"
        for count in PART_CHARACTERS if len(word) > 1 else ():
            yield from (marked[start : start + count] for start in range(len(marked) - count + 1))


def _bucket(gram: str) -> int:
    return zlib.crc32(gram.encode()) % BUCKETS  # Python's own hash changes with each run


def _slot_values(text: str) -> dict[str, float]:
    """Values of a text's slots; zeros for a contradictory text, whose words still count."""
    try:
        reading = read_phrase(text)
    except ParameterError:
        return {}
    found = {f"material={reading.material}": 1.0} if reading.material else {}
    for slot, value in reading.slots.items():
        if slot in COLOR_SLOTS:
            found |= _color(slot, reading)
        elif value in LEVELS:
            found[slot] = LEVELS[value]
        else:
            found[f"{slot}={value}"] = 1.0
    return found


def _color(slot: str, reading: Reading) -> dict[str, float]:
    """A colour in Oklab, changed by "dark" or "light"."""
    named = reading.slots[slot]
    code = vocabulary().colors.get(named, named)
    if code in SHADES:  # such as "dark mortar"
        return {}
    rgb = color_of(code)
    shade = reading.slots.get("shade", "")
    if slot == "color" and shade in SHADES:
        rgb = shade_of(rgb, shade)
    lab = (lab_of(rgb) - (0.5, 0, 0)) * OKLAB_SCALE
    return dict(zip((f"{slot}.{part}" for part in COLOR_PARTS), (1.0, *map(float, lab)), strict=True))


def _quality_values() -> Iterator[tuple[str, str]]:
    for meanings in (vocabulary().english.values(), vocabulary().chinese.values()):
        for meaning in meanings:
            for slot, value in meaning.values.items():
                if slot in (*QUALITIES, "pattern") and value not in COMPARED:
                    yield slot, value
