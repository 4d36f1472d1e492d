"""Judgements: the case of one material, its results and figures, and the goals of these figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..data.parts import OTHER_PART, part_of
from ..texture import Maps

GOALS: Mapping[str, tuple[float, float]] = {
    "fine_swd_of_floor": (0, 1.5),
    "contrast_low": (0.75, 1.3),
    "contrast_high": (0.75, 1.3),
    "spectrum_db": (0, 3),
    "seam_z_high": (-4, 3),
    "seam_z_low": (-4, 3),
    "novelty": (0.85, np.inf),
    "near_copies": (0, 0.05),
    "copied_block_px": (0, 64),
    "largest_correlation": (0, 0.8),
    "normal_length_error": (0, 0.01),
}
"""Range in which each figure should lie; other figures are for information."""
CLASS_GOALS: Mapping[str, tuple[float, float]] = {**GOALS, "fine_swd_of_floor": (0, 2.0)}


@dataclass(frozen=True)
class Case:
    """One material: the real pictures to compare with, and those used for training, if known.

    held_out: whether the two are disjoint.
    """

    label: str
    judged: tuple[Maps, ...]
    trained: tuple[Maps, ...]
    held_out: bool

    def floor_pairs(self) -> list[tuple[list[Maps], list[Maps]]]:
        """Disjoint real pictures of the material: training's and judged ones, or else two halves of the latter."""
        if self.trained and self.held_out:
            return [(list(self.trained), list(self.judged))]
        if len(self.judged) > 1:
            return [(list(self.judged[::2]), list(self.judged[1::2]))]
        one = self.judged[0]
        return [([part_of(one, part)], [part_of(one, OTHER_PART[part])]) for part in ("left", "top")]


@dataclass(frozen=True)
class Judgement:
    """Results for one case, and their figures: `seeds` of each seed, `details` by level, `together` of all seeds."""

    case: Case
    floor: Mapping[str, float]
    made: tuple[Maps, ...]
    seeds: tuple[Mapping[str, float], ...]
    details: tuple[Mapping[str, Any], ...]
    together: Mapping[str, float] = field(default_factory=dict)

    def mean(self) -> dict[str, float]:
        """Mean of each figure over the seeds, and the figures of all seeds together."""
        return {name: float(np.mean([seed[name] for seed in self.seeds])) for name in self.seeds[0]} | {**self.together}

    def deviation(self) -> dict[str, float]:
        """Standard deviation of each figure over the seeds."""
        return {name: float(np.std([seed[name] for seed in self.seeds])) for name in self.seeds[0]}

    def goals(self) -> Mapping[str, tuple[float, float]]:
        """Range in which each figure should lie."""
        return CLASS_GOALS if self.case.label else GOALS

    def missed(self) -> list[str]:
        """Names of the figures whose mean misses its goal."""
        wanted = self.goals()
        return [name for name, value in self.mean().items() if name in wanted and not within(value, wanted[name])]

    def as_json(self) -> dict[str, Any]:
        """The judgement as JSON, without pictures."""
        return {
            "label": self.case.label,
            "data": [maps.name for maps in self.case.judged],
            "held_out": self.case.held_out,
            "floor": dict(self.floor),
            "mean": self.mean(),
            "deviation": self.deviation(),
            "missed": self.missed(),
            "seeds": [{**figures, **details} for figures, details in zip(self.seeds, self.details, strict=True)],
        }


def within(value: float, goal: tuple[float, float]) -> bool:
    """Whether a value lies in a range."""
    return goal[0] <= value <= goal[1]
