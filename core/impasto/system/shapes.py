"""Schemas for plain data, written as plain data: types, ranges and fields. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ProtocolError
from .untrusted import shown

MAX_ID = 2**53


@dataclass(frozen=True)
class Number:
    """A finite number, greater than `above` and at least `least`."""

    above: float = -math.inf
    least: float = -math.inf

    @property
    def words(self) -> str:
        limits = [f"above {self.above:g}"] * (self.above > -math.inf) + [f"from {self.least:g}"] * (
            self.least > -math.inf
        )
        return " ".join(["a number", *limits])

    def allows(self, value: Any) -> bool:
        return type(value) in (int, float) and math.isfinite(value) and value > self.above and value >= self.least


@dataclass(frozen=True)
class Integer:
    """An integer from `least` to `most`."""

    least: int = 0
    most: int = MAX_ID

    @property
    def words(self) -> str:
        return f"a whole number from {self.least} to {self.most}"

    def allows(self, value: Any) -> bool:
        return type(value) is int and self.least <= value <= self.most


@dataclass(frozen=True)
class OrNone:
    """A value of a shape, or null."""

    shape: Any


ANY_NUMBER, LENGTH_M, RANGE_M, ID = Number(), Number(above=0), Number(least=0), Integer()
WORDS: Mapping[Any, str] = {
    str: "text",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


def check(value: Any, shape: Any, where: str) -> None:
    """Raise ProtocolError, which names the field, unless `value` has the shape.

    A shape is a type, an instance of the classes above, a tuple of allowed strings, [shape] for a list, {str: shape}
    for an object with any field names, or {"name": shape} for one with at least these fields; "name?" may be absent.
    """
    if isinstance(shape, OrNone):
        if value is not None:
            check(value, shape.shape, where)
    elif isinstance(shape, tuple):
        _expect(isinstance(value, str) and value in shape, where, f"one of {', '.join(shape)}", value)
    elif isinstance(shape, list):
        _expect(isinstance(value, list), where, "a list", value)
        for index, item in enumerate(value):
            check(item, shape[0], f"{where}[{index}]")
    elif isinstance(shape, Mapping):
        _expect(isinstance(value, dict), where, "an object", value)
        _check_fields(value, shape, where)
    elif isinstance(shape, (Number, Integer)):
        _expect(shape.allows(value), where, shape.words, value)
    else:
        _expect(type(value) is shape, where, WORDS[shape], value)


def _check_fields(value: Mapping[str, Any], shape: Mapping[Any, Any], where: str) -> None:
    if str in shape:
        for name, item in value.items():
            check(item, shape[str], f"{where}.{name}")
        return
    for key, expected in shape.items():
        name = key.removesuffix("?")
        if name in value:
            check(value[name], expected, f"{where}.{name}")
        elif name == key:
            raise ProtocolError(f"{where}.{name} is missing", "see the log, and install the same version on both sides")


def _expect(holds: bool, where: str, wanted: str, value: Any) -> None:
    if not holds:
        message = f"{where} must be {wanted}, got {shown(value)}"
        raise ProtocolError(message, "see the log, and install the same version on both sides")
