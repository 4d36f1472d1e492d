"""Parameters at the ends of their ranges, in few combinations, to find those that a tool cannot stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..parameters import SizeParameters, properties_of
from ..tools import Tool

SIDE_PX = 24
MOST_PX = 256
"""Limit of lengths in pixels: longer ones only take longer."""
DRAWN = 6
"""Combinations that are drawn at random."""


def extremes(tool: Tool) -> Iterator[dict[str, Any]]:
    """Parameters of a tool: all lowest, all highest, each choice with the lowest, and ends drawn at random."""
    properties = properties_of(tool.parameters)
    sides = {"width_px": SIDE_PX, "height_px": SIDE_PX} if issubclass(tool.parameters, SizeParameters) else {}
    ends = {name: found for name, schema in properties.items() if name not in sides and (found := _ends(name, schema))}
    lowest = {name: found[0] for name, found in ends.items()}
    yield {**lowest, **sides}
    yield {**{name: found[-1] for name, found in ends.items()}, **sides}
    for name in (name for name in ends if "enum" in properties[name]):
        yield from ({**lowest, name: choice, **sides} for choice in ends[name][1:])
    rng = np.random.default_rng(0)
    for _ in range(DRAWN):
        some = {name: found[rng.integers(len(found))] for name, found in ends.items() if rng.random() < 0.7}
        yield {**some, **sides}


def _ends(name: str, schema: Mapping[str, Any]) -> list[Any]:
    """The ends of a parameter's range, or its choices; none for names of models and the like."""
    if "enum" in schema:
        return list(schema["enum"])
    if schema.get("type") == "boolean":
        return [False, True]
    if schema.get("format") == "color":
        return [[0.0] * 3, [1.0] * 3]
    if schema.get("type") not in ("integer", "number"):
        return []
    ends = [schema[key] for key in ("minimum", "maximum") if key in schema]
    return [min(end, max(MOST_PX, ends[0])) for end in ends] if name.endswith("_px") else ends
