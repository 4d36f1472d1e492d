"""Changes of colours, sRGB in [0, 1], in Oklab, where equal steps look alike (Ottosson 2020)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from impasto.parameters import color_of
from impasto.surface.palette import from_oklab, to_oklab

DARK, LIGHT, BRIGHT = 0.74, 0.5, 1.4
"""Factor of lightness; share of the way to white; factor of chroma."""
STEPS = {"a_little_": 0.035, "": 0.08, "much_": 0.16}
"""Steps of lightness that comparatives make."""
WARM = np.array([0.0, 0.012, 0.03])
"""Step towards warm colours, in Oklab."""
JITTER = np.array([0.03, 0.008, 0.01])
"""Deviations of colours in a variation, in Oklab."""
TINT = 0.35
"""Share of the way towards red for "more red"."""
WHITE = 0.97
FAMILY = 0.85
"""Share of a family's differences that is kept when its colours are moved."""


def move(color: Sequence[float], before: Sequence[float], after: Sequence[float]) -> list[float]:
    """A colour of a family, moved along with another one that went from `before` to `after`."""
    if tuple(color) == tuple(before):
        return [round(float(value), 6) for value in after]
    differences = FAMILY * (lab_of(color) - lab_of(before))
    differences[1:] *= min(1.0, _chroma(after) / max(_chroma(before), 1e-6))  # next to grey, all colours become grey
    return _rgb(lab_of(after) + differences)


def between(one: str, other: str, share: float) -> str:
    """The colour at a share of the way between two others, all as hex codes."""
    labs = [lab_of(color_of(color)) for color in (one, other)]
    return "#" + "".join(f"{round(255 * value):02x}" for value in _rgb(labs[0] + share * (labs[1] - labs[0])))


def shade_of(color: Sequence[float], word: str) -> list[float]:
    """A colour that is `dark`, `light` or `bright`, or darker or lighter by a step, as in "a_little_darker"."""
    lab = lab_of(color)
    if word == "dark":
        lab = lab * DARK
    elif word == "light":
        lab = np.array([lab[0] + LIGHT * (WHITE - lab[0]), *(0.8 * lab[1:])])
    elif word == "bright":
        lab = np.array([min(WHITE, lab[0] + 0.04), *(BRIGHT * lab[1:])])
    else:
        lab = _step_lightness(lab, _step(word) * (-1 if word.endswith("darker") else 1))
    return _rgb(lab)


def tone(color: Sequence[float], word: str) -> list[float]:
    """A colour that is `warm` or `cool`, or warmer or cooler by a step."""
    factor = _step(word) / STEPS[""] if word.endswith("er") else 1.5
    return _rgb(lab_of(color) + WARM * factor * (-1 if "cool" in word else 1))


def tint(color: Sequence[float], toward: Sequence[float], word: str) -> list[float]:
    """A colour with hue and chroma nearer to those of another, or farther, as in "a_little_more" and "less"."""
    share = TINT * _step(word) / STEPS[""] * (-1 if word.endswith("less") else 1)
    lab, goal = lab_of(color), lab_of(toward)
    lab[1:] += share * (goal[1:] - lab[1:]) if share > 0 else share * goal[1:]
    return _rgb(lab)


def jitter(color: Sequence[float], draw: np.ndarray, share: float) -> list[float]:
    """A colour moved at random; draw: three standard normal numbers."""
    return _rgb(lab_of(color) + share * JITTER * draw)


def lightness(color: Sequence[float]) -> float:
    """Lightness in Oklab, 0 to 1."""
    return float(lab_of(color)[0])


def _step_lightness(lab: np.ndarray, step: float) -> np.ndarray:
    """Oklab with another lightness; darker colours also lose chroma, as in a shadow."""
    lightness = float(np.clip(lab[0] + step, 0, WHITE))
    return np.array([lightness, *(lab[1:] * min(1.0, lightness / max(lab[0], 1e-6)))])


def _chroma(color: Sequence[float]) -> float:
    return float(np.hypot(*lab_of(color)[1:]))


def _step(word: str) -> float:
    return next(size for amount, size in STEPS.items() if word.startswith(amount) and (amount or "_" not in word))


def lab_of(color: Sequence[float]) -> np.ndarray:
    """A colour in Oklab (3,)."""
    return to_oklab(np.asarray(color, np.float64).reshape(1, 3))[0]


def _rgb(lab: np.ndarray) -> list[float]:
    return [round(float(value), 6) for value in np.clip(from_oklab(lab.reshape(1, 3))[0], 0, 1)]
