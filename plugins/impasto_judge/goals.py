"""The figures for judging results: their meanings, and the ranges in which they should lie."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Range = tuple[float, float]


@dataclass(frozen=True)
class Figure:
    """Meaning of a figure, and the ranges in which it should lie for a model's results and for a single picture.

    Without a range it is for information. relative: a picture's goal that depends on the controls, in words. fault,
    remedy: of a model that misses the goal. worst: a model that misses the goal and exceeds this is not usable.
    """

    meaning: str
    of_model: Range | None = None
    of_picture: Range | None = None
    relative: str = ""
    fault: str = ""
    remedy: str = ""
    worst: float = math.inf


DECLARED = tomllib.loads(Path(__file__).with_name("figures.toml").read_text(encoding="utf-8"))


def _figures(kind: str) -> dict[str, Figure]:
    return {
        name: Figure(**about | {key: tuple(value) for key, value in about.items() if isinstance(value, list)})
        for name, about in DECLARED[kind].items()
    }


MODEL_FIGURES: Mapping[str, Figure] = _figures("recorded")
"""Figures that a model's card records, in the order of tables."""
FIGURES: Mapping[str, Figure] = {**MODEL_FIGURES, **_figures("others")}
"""All figures, except the `statistics_…` of each kind, and `base_color_distance` and so on of each map."""
GOALS: Mapping[str, Range] = {name: figure.of_model for name, figure in FIGURES.items() if figure.of_model}
"""Range in which each figure of a model should lie; other figures are for information."""
CLASS_GOALS: Mapping[str, Range] = {**GOALS, "fine_swd_of_floor": (0, 2.0), "statistics_of_crop": (0, 2.0)}
PICTURE_GOALS: Mapping[str, Range] = {name: figure.of_picture for name, figure in FIGURES.items() if figure.of_picture}
"""Range in which each figure of a single picture should lie; other figures are for information."""
MORE_REPEATED = 0.05
"""A tile may repeat this much more of itself than another crop does: in walls, some bricks look alike."""


def within(value: float, goal: Range) -> bool:
    """Whether a value lies in a range."""
    return goal[0] <= value <= goal[1]


def goal_text(goal: Range | None) -> str:
    """A range in words; "" for none."""
    if goal is None:
        return ""
    low, high = goal
    return f"above {low:g}" if high == math.inf else f"below {high:.3g}" if low in (0, -1) else f"{low:g} to {high:g}"
