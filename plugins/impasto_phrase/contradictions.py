"""Values of one slot that contradict each other."""

from __future__ import annotations

from impasto.errors import ParameterError
from impasto.system.untrusted import excerpt

from .vocabulary import COMPARED

QUALITIES = ("gloss", "surface", "regularity", "density", "variation", "shade", "tone", "size", "joint")
OPPOSITES = {
    "glossy": "matte",
    "matte": "glossy",
    "rough": "smooth",
    "smooth": "rough",
    "irregular": "regular",
    "regular": "irregular",
    "dense": "sparse",
    "sparse": "dense",
    "uniform": "mottled",
    "mottled": "uniform",
    "dark": "light",
    "light": "dark",
    "small": "large",
    "large": "small",
    "warm": "cool",
    "cool": "warm",
    "huge": "tiny",
    "tiny": "huge",
    "more": "less",
    "darker": "lighter",
    "lighter": "darker",
    "larger": "smaller",
    "smaller": "larger",
    "less": "more",
}


def contradict(slot: str, one: str, other: str) -> bool:
    """Whether a material cannot be both."""
    if slot in ("pattern", "metal"):
        return True
    if slot in QUALITIES or {one, other} <= COMPARED:
        return OPPOSITES.get(one) == other
    return "no" in (one, other) or {one, other} == {"little", "much"}


def contradiction(one: str, other: str) -> ParameterError:
    """The error for two expressions that contradict each other."""
    return ParameterError(f"{excerpt(one)} and {excerpt(other)} contradict each other", "leave one of them out")
