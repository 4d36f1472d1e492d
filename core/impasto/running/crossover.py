"""Values of parameters between and near those of two parents, by the operators of genetic algorithms.

Numbers: blend crossover (BLX-alpha, Eshelman and Schaffer 1993), then a normal mutation. Colours mix in Oklab.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..surface.palette import from_oklab, to_oklab

BEYOND = 0.5
"""Highest share of the parents' distance by which a child lies beyond them: the alpha of BLX-alpha, at full variety."""
MUTATION = 0.16
"""Deviation of a mutation at full variety, as a share of a number's usual range."""
LENGTH_MUTATION = 0.2
"""The same of the logarithm of a length."""
COLOR_MUTATION = np.array([0.06, 0.015, 0.02])
"""The same of a colour's Oklab coordinates."""
ALIKE = 0.9
"""Correlation of the mutations of all colours, which are to go together: bricks of one wall, not of any."""
LENGTHS = ("_m", "_px")
"""Endings of the names of lengths, which mix by their logarithms."""
SEEDS = "seed"
"""Ending of the names of whole numbers between which there is nothing."""


@dataclass(frozen=True)
class Crossover:
    """Draws the values of one child. variety: from 0, between the parents only, to 1.

    share: how far from 0 to 1 the child's colours go from the first parent to the second. shift (3,): standard normal,
    the mutation that all colours have in common.
    """

    rng: np.random.Generator
    variety: float
    share: float
    shift: np.ndarray

    @classmethod
    def drawn(cls, rng: np.random.Generator, variety: float) -> Crossover:
        """A crossover with what all colours have in common drawn as well."""
        return cls(rng, variety, float(rng.random()), rng.standard_normal(3))

    def value(self, name: str, schema: Mapping[str, Any], one: Any, other: Any, mutates: bool = True) -> Any:
        """A value for a parameter with this schema; `one` and `other` are the parents', or the same for one parent."""
        kind = schema.get("type")
        if schema.get("format") == "color":
            return self._color(one, other)
        if kind == "number" or (kind == "integer" and not name.endswith(SEEDS)):
            value = self._number(name, schema, float(one), float(other), mutates)
            return round(value) if kind == "integer" else value
        if kind == "array" and one and len(one) == len(other):
            return [round(a + self.share * (b - a), 6) for a, b in zip(one, other, strict=True)]
        return one if self.rng.random() < 0.5 else other

    def sliders(
        self, known: Sequence[Mapping[str, Any]], one: Mapping[str, float], other: Mapping[str, float]
    ) -> dict[str, float]:
        """Values of all sliders of a model, which its card describes."""
        found = {}
        for about in known:
            name, default = about["name"], about["default"]
            schema = {"type": "number", "minimum": about["low"], "maximum": about["high"]}
            found[name] = self._number(name, schema, one.get(name, default), other.get(name, default), True)
        return found

    def _number(self, name: str, schema: Mapping[str, Any], one: float, other: float, mutates: bool) -> float:
        """A number within its limits; one that both parents have at the same limit stays: moss where there is none."""
        low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        share, draw = _share(self.rng, self.variety), self.variety * self.rng.standard_normal()
        if one == other and (one in (low, high) or not mutates):
            return one
        if name.endswith(LENGTHS) and min(one, other) > 0:
            middle = math.log(one) + share * math.log(other / one)
            value = math.exp(middle + (LENGTH_MUTATION * draw if mutates else 0.0))
        else:
            usual = [schema.get(f"soft_{key}", schema.get(key)) for key in ("minimum", "maximum")]
            reach = usual[1] - usual[0] if None not in usual else abs(one) + abs(other)
            value = one + share * (other - one) + (MUTATION * reach * draw if mutates else 0.0)
        return round(min(max(value, low), high), 5)

    def _color(self, one: Sequence[float], other: Sequence[float]) -> list[float]:
        """A colour, sRGB in [0, 1]."""
        first, second = to_oklab(np.array([one, other], np.float64))
        draw = ALIKE**0.5 * self.shift + (1 - ALIKE) ** 0.5 * self.rng.standard_normal(3)
        lab = first + self.share * (second - first) + self.variety * COLOR_MUTATION * draw
        return [round(float(channel), 6) for channel in from_oklab(lab[None])[0]]


def _share(rng: np.random.Generator, variety: float) -> float:
    """Share of the way from one parent to the other; a little beyond either with variety."""
    beyond = BEYOND * variety
    return float(rng.uniform(-beyond, 1 + beyond))
