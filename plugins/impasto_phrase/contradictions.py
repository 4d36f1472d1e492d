"""Contradictions between values of one slot."""

from __future__ import annotations

from impasto.errors import ParameterError
from impasto.system.untrusted import excerpt

from .vocabulary import COMPARED, table

QUALITIES = ("gloss", "surface", "regularity", "density", "variation", "shade", "tone", "size", "joint")
OPPOSITES = {one: other for pair in table("grammar")["opposites"] for one, other in (pair, pair[::-1])}


def contradict(slot: str, one: str, other: str) -> bool:
    """Whether a material cannot have both values."""
    if slot in ("pattern", "motif", "metal"):
        return True
    if slot in QUALITIES or {one, other} <= COMPARED:
        return OPPOSITES.get(one) == other
    return "no" in (one, other) or {one, other} == {"little", "much"}


def contradiction(one: str, other: str) -> ParameterError:
    """The error for two expressions that contradict each other."""
    return ParameterError("{} and {} contradict each other", "leave one of them out", excerpt(one), excerpt(other))
