"""Captions from facts: a class or a material, adjectives, and the measured colour; many for the same facts.

Each caption states some of the facts, with varying words and order, in English or Chinese, so that a model learns the
meaning and not the wording.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from impasto.parameters import color_of
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.palette import to_oklab
from impasto.texture import Maps

from ..matcher import read_phrase
from ..palettes import lab_of
from ..vocabulary import materials, table, vocabulary

WORDS = Path(__file__).with_name("caption_words.toml")
SAID = 0.75
"""Probability that a caption states a fact."""
HEX_SAID = 0.4
"""Share of colours given as hex codes, which are more exact than names."""
CHINESE = 0.3
"""Share of Chinese captions for materials with Chinese names."""
CLAUSE = 0.3
STATES = ("wear", "dirt", "moss", "wetness", "paint", "snow_cover")
"""Slots that a set's name can state."""
NAMED_DISTANCE = 0.07
"""A colour has a name if it is within this distance in Oklab."""
GLOSSY, MATTE = 0.35, 0.85
"""A surface is glossy below the first mean roughness, and matte above the second."""
DARK, LIGHT = 0.38, 0.75
"""A surface is dark below the first lightness in Oklab, and light above the second."""
UNIFORM, MOTTLED = 0.02, 0.085
"""Deviation of colours in Oklab, blurred over 1/32 of the picture: uniform below the first, mottled above the last."""
ROUGH_PX = 1.2
"""A surface is rough if its heights deviate more than this, in texels of a 256 px picture."""


@dataclass(frozen=True)
class Facts:
    """Facts of a surface for captions. nouns: names in English and in Chinese. slots: values as phrases have them.

    color: mean sRGB in [0, 1].
    """

    nouns: tuple[tuple[str, ...], tuple[str, ...]]
    slots: Mapping[str, str]
    color: tuple[float, float, float]


def captions_of(facts: Facts, count: int, rng: np.random.Generator) -> list[str]:
    """`count` captions of the same facts, all different if the facts allow so many."""
    found: dict[str, None] = {}
    for _ in range(8 * count):
        found[_caption(facts, rng)] = None
        if len(found) == count:
            break
    return list(found)


def facts_of(maps: Maps, noun: str, said: Mapping[str, str] | None = None) -> Facts:
    """Facts of maps: the class or material that `noun` names, measured facts, and known slots."""
    color = mean_color(maps)
    return Facts(nouns_of(noun), {**measured_slots(maps), **(said or {})}, color)


def states_of(name: str) -> dict[str, str]:
    """The state of a map set as slots, from the words of its name, such as `mossy_bark_02`."""
    words = " ".join(re.findall(r"[^\W\d_]{2,}", name.lower()))
    if not words:
        return {}
    return {slot: value for slot, value in read_phrase(words).slots.items() if slot in STATES}


def mean_color(maps: Maps) -> tuple[float, float, float]:
    """Mean base colour, averaged as light, in sRGB."""
    mean = linear_to_srgb(srgb_to_linear(maps["base_color"].pixels).mean((0, 1)))
    red, green, blue = (float(value) for value in mean)
    return red, green, blue


def measured_slots(maps: Maps) -> dict[str, str]:
    """Pronounced properties of the pixels as slots: gloss, shade, variation and surface."""
    found = {}
    small = _blur(maps["base_color"].pixels)
    lab = to_oklab(small).reshape(-1, 3)
    lightness, deviation = float(lab[:, 0].mean()), float(np.sqrt(lab.var(0).sum()))
    if lightness < DARK or lightness > LIGHT:
        found["shade"] = "dark" if lightness < DARK else "light"
    if deviation < UNIFORM or deviation > MOTTLED:
        found["variation"] = "uniform" if deviation < UNIFORM else "mottled"
    if "roughness" in maps:
        roughness = float(maps["roughness"].pixels.mean())
        if roughness < GLOSSY or roughness > MATTE:
            found["gloss"] = "glossy" if roughness < GLOSSY else "matte"
    if "height" in maps and maps.height_range_px:
        relief_px = float(maps["height"].pixels.std()) * maps.height_range_px * 256 / maps.size_px[1]
        if relief_px > ROUGH_PX:
            found["surface"] = "rough"
    return found


@cache
def nouns_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """English and Chinese names of a material or of a class's meaning; its own words if that is unknown."""
    words = " ".join(dict.fromkeys(re.findall(r"[^\W\d_]{2,}", text.lower())))
    material = text if text in materials() else read_phrase(words).material if words else None
    meaning = f"material={material}"
    english, chinese = (tuple(table(name)["materials"].get(meaning, ())) for name in ("english", "chinese"))
    return (english or (words or text,)), chinese


def color_name(rgb: Sequence[float]) -> str | None:
    """The name of the nearest colour; None if none is near."""
    codes = vocabulary().colors
    distances = {name: float(np.linalg.norm(lab_of(color_of(code)) - lab_of(rgb))) for name, code in codes.items()}
    nearest = min(distances, key=distances.__getitem__)
    return nearest if distances[nearest] < NAMED_DISTANCE else None


def _blur(pixels: np.ndarray) -> np.ndarray:
    """Means over squares of 1/32 of the picture."""
    side = max(1, min(pixels.shape[:2]) // 32)
    height, width = (length // side * side for length in pixels.shape[:2])
    return pixels[:height, :width].reshape(height // side, side, width // side, side, 3).mean((1, 3))


def _caption(facts: Facts, rng: np.random.Generator) -> str:
    language = "zh" if facts.nouns[1] and rng.random() < CHINESE else "en"
    known = _table()[language]
    said = {f"{slot}={value}" for slot, value in facts.slots.items() if rng.random() < SAID}
    color = _color_words(facts.color, language, rng) if rng.random() < SAID else ""
    if color:
        said -= {"shade=dark", "shade=light"}  # the colour's name includes its lightness
    in_clauses = [key for key in sorted(said) if key in known.get("clauses", {}) and rng.random() < CLAUSE]
    clauses = [_one(known["clauses"], key, rng) for key in in_clauses]
    left = sorted(said - set(in_clauses))
    adjectives = [_one(known["adjectives"], key, rng) for key in left if key in known["adjectives"]]
    rng.shuffle(adjectives)
    noun = str(rng.choice(facts.nouns[language == "zh"]))
    if language == "zh":
        return "的".join([*adjectives, *([color] if color else []), noun])
    after = rng.random() < 0.3
    parts = [*adjectives, *([color] if color and not after else []), noun]
    caption = " ".join(parts) + (f" with {' and '.join(clauses)}" if clauses else "")
    return f"{caption}, {color}" if color and after else caption


def _color_words(rgb: Sequence[float], language: str, rng: np.random.Generator) -> str:
    """A colour as a hex code, or by its name if it has one."""
    name = color_name(rgb)
    about = table("colors")[name] if name else {}
    words = about.get(language, ())
    if not words or rng.random() < HEX_SAID:
        return "#" + "".join(f"{round(255 * value):02x}" for value in np.clip(rgb, 0, 1))
    return str(rng.choice(words))


def _one(words: Mapping[str, Sequence[str]], key: str, rng: np.random.Generator) -> str:
    return str(rng.choice(words[key]))


@cache
def _table() -> dict[str, dict[str, dict[str, list[str]]]]:
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))
