"""A material's visible parameters, as axes from 0 to 1, choices and colours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import numpy as np
from pydantic.fields import FieldInfo

from impasto.tools import SizeParameters

from ..material import Material

UNSEEN = frozenset({*SizeParameters.model_fields, "wetness", "roughness", "motif", "motif_m", "third_color"})
UNSEEN |= {"upright", "silvered", "charred", "marking", "curl", "repairs", "folds", "saw_marks", "rubbing", "yellowed"}
"""Parameters that a photograph's colours do not show."""
LENGTH_FACTOR, WIDTH_FACTOR = 4.0, 4.0
"""Lengths, and the width of the tile, are searched within these factors of their defaults."""
RARE = frozenset({"wear", "dirt", "moss"})
RARE_SHARE = 0.2
"""Share of random values above 0 for parameters whose default is 0."""
DEFAULT_SHARE = 0.25
"""Share of random values that keep their default."""
MOST_COLOR_SWAPS = 0.4
"""Share of random values with swapped colours: mortar may be darker or lighter than bricks."""

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Axis:
    """A numeric parameter of a material, with its limits; for a length, those of its logarithm."""

    name: str
    low: float
    high: float
    is_length: bool

    def value(self, place: float) -> float:
        """The number at a place on the axis, 0 to 1."""
        value = self.low + (self.high - self.low) * min(max(place, 0.0), 1.0)
        return round(math.exp(value), 5) if self.is_length else round(value, 4)

    def place(self, value: float) -> float:
        """The place of a number on the axis, 0 to 1."""
        found = math.log(max(value, 1e-6)) if self.is_length else value
        return min(max((found - self.low) / max(self.high - self.low, 1e-9), 0.0), 1.0)


@dataclass(frozen=True)
class Space:
    """The searched parameters of a material: numbers, choices and colours, and all defaults."""

    material: Material
    axes: tuple[Axis, ...]
    choices: Mapping[str, tuple[Any, ...]]
    colors: tuple[str, ...]
    defaults: Values

    def random(self, rng: np.random.Generator) -> dict[str, Any]:
        """Random values with the default colours, which are sometimes swapped."""
        values = dict(self.defaults)
        for axis in self.axes:
            keeps = rng.random() < (1 - RARE_SHARE if axis.name in RARE else DEFAULT_SHARE)
            place = rng.random()
            values[axis.name] = values[axis.name] if keeps and axis.name != "width_m" else axis.value(place)
        for name, options in self.choices.items():
            values[name] = options[int(rng.integers(len(options)))]
        if rng.random() < MOST_COLOR_SWAPS:
            order = rng.permutation(len(self.colors))
            values |= {self.colors[i]: self.defaults[self.colors[j]] for i, j in enumerate(order)}
        return values


def space_of(material: Material, width_m: float | None = None) -> Space:
    """The space of a material. The width of its tile is no axis if the photograph's width is known."""
    fields = {name: field for name, field in material.parameters.model_fields.items() if name not in UNSEEN}
    defaults = {name: field.default for name, field in fields.items()}
    axes = [axis for name, field in fields.items() if (axis := _axis(name, field))]
    if width_m:
        axes = [axis for axis in axes if axis.name != "width_m"]
        defaults["width_m"] = width_m
    choices = {name: options for name, field in fields.items() if (options := _options(field))}
    colors = tuple(name for name, value in defaults.items() if isinstance(value, tuple))
    return Space(material, tuple(axes), choices, colors, defaults)


def _options(field: FieldInfo) -> tuple[Any, ...]:
    if get_origin(field.annotation) is Literal:
        return get_args(field.annotation)
    return (False, True) if field.annotation is bool else ()


def _axis(name: str, field: FieldInfo) -> Axis | None:
    if field.annotation is not float:
        return None
    limits = {key: getattr(item, key) for item in field.metadata for key in ("ge", "le") if hasattr(item, key)}
    low, high = float(limits.get("ge", 0.0)), float(limits.get("le", 1.0))
    if not name.endswith("_m"):
        return Axis(name, low, high, False)
    factor = WIDTH_FACTOR if name == "width_m" else LENGTH_FACTOR
    low, high = max(low, field.default / factor, 1e-5), min(high, field.default * factor)
    return Axis(name, math.log(low), math.log(high), True)
