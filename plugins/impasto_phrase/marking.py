"""Marks that a material has no parameter for, such as cracks in leather, as steps of the filter `marks`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from impasto.parameters import color_of, properties_of
from impasto.plugins.registry import registry
from impasto.recipe import Step

from .levels import LEVELS, STEPS, amount_of, move_by_steps
from .vocabulary import table, vocabulary

MARKS_TOOL = "marks"
MARKS: Mapping[str, Mapping[str, Any]] = table("grammar")["marks"]
"""By slot: the kind of marks, their size as a share of the picture's width, the largest size, and a usual colour."""


@dataclass(frozen=True)
class Mark:
    """Marks of a slot. word: a degree or a comparative. color: a name, a hex code, or ""."""

    slot: str
    word: str
    color: str
    width_m: float


def with_marks(steps: Sequence[Step], marks: Iterable[Mark]) -> tuple[Step, ...]:
    """The steps with new marks at their end, or with their marks of the same kind changed."""
    marked = list(steps)
    for mark in marks:
        about = MARKS[mark.slot]
        if cover := about.get("cover"):
            share = 0.9 * LEVELS.get(amount_of(mark.word)[1], LEVELS["some"])
            marked += [Step("cover", {**cover, "amount": share})] if share else []
            continue
        is_same = [step.tool == MARKS_TOOL and step.parameters.get("kind") == about["kind"] for step in marked]
        place = is_same.index(True) if True in is_same else None
        amount, word = amount_of(mark.word)
        before: dict[str, Any] = dict(marked[place].parameters) if place is not None else _new(mark)
        if word in ("more", "less"):
            schema = properties_of(registry().tool(MARKS_TOOL).parameters)["amount"]
            steps_up = STEPS[amount] if word == "more" else -STEPS[amount]
            value = move_by_steps(schema, float(before.get("amount", 0.0)), steps_up)
        else:
            value = LEVELS.get(word, LEVELS["some"])
        if place is not None:
            marked[place] = Step(MARKS_TOOL, {**before, "amount": value})
        elif value:
            marked.append(Step(MARKS_TOOL, {**before, "amount": value}))
    return tuple(marked)


def _new(mark: Mark) -> dict[str, Any]:
    """Parameters of new marks."""
    about = MARKS[mark.slot]
    size_m = min(about["share"] * mark.width_m, about.get("most_m", 10.0))
    values: dict[str, Any] = {"kind": about["kind"], "size_m": round(size_m, 4)}
    if color := mark.color or about.get("color"):
        values["color"] = list(color_of(vocabulary().colors.get(color, color)))
    return values
