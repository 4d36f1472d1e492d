"""Cases that results are judged by, and ranges that figures should lie in."""

from __future__ import annotations

from dataclasses import dataclass

from ..data.parts import OTHER_PART, part_of
from ..texture import Maps


@dataclass(frozen=True)
class Case:
    """One material: the real pictures to compare with, and those used for training, if known.

    held_out: whether the two are disjoint. others: real pictures of the material, disjoint from the judged ones.
    """

    label: str
    judged: tuple[Maps, ...]
    trained: tuple[Maps, ...]
    held_out: bool
    others: tuple[Maps, ...] = ()

    def floor_pairs(self) -> list[tuple[list[Maps], list[Maps]]]:
        """Disjoint real pictures of the material: the other and the judged ones, or else two halves of the latter."""
        if self.others:
            return [(list(self.others), list(self.judged))]
        one = self.judged[0]
        return [([part_of(one, part)], [part_of(one, OTHER_PART[part])]) for part in ("left", "top")]


def within(value: float, goal: tuple[float, float]) -> bool:
    """Whether a value lies in a range."""
    return goal[0] <= value <= goal[1]
