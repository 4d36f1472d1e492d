"""The verdict on a model in plain words, from its figures and those of controls."""

from __future__ import annotations

from collections.abc import Mapping

from .comparison import CaseResult
from .controls import MEAN, MODEL, NOISE
from .goals import FIGURES

AS_A_CROP = 1.2
"""If a control's figure, relative to another crop's, is at most this, the material has hardly any structure."""
HARDLY = 0.75
"""From this share of the way between a crop's and a control's figure, a model is hardly better than the control."""
GOOD, FAR, BAD, UNKNOWN = "good", "usable from afar", "not usable", "not judged"


def verdict(compared: CaseResult) -> tuple[str, str]:
    """The verdict on a model (one of the four above) from its figures in one case, and the reason as a clause."""
    found = compared.rows.get(MODEL)
    if found is None:
        return UNKNOWN, "; ".join(compared.notes) or "there is nothing to compare it with"
    missed = [name for name in compared.missed_goals() if FIGURES[name].fault]
    worst = [name for name in missed if found[name] > FIGURES[name].worst]
    faults = ", and ".join(dict.fromkeys(FIGURES[name].fault for name in worst or missed))
    if worst:
        return BAD, faults
    if reason := _likeness_to_controls(compared.rows):
        return BAD, reason
    if missed:
        return FAR, faults
    seen = "a part of the data that it has not seen" if compared.held_out else "the data that it learned from"
    return GOOD, f"its figures are those of another crop of {seen}"


def _likeness_to_controls(figures: Mapping[str, Mapping[str, float]]) -> str:
    """A clause about a figure in which a model is hardly better than a control without structure, or ""."""
    for row, name in ((NOISE, "noise"), (MEAN, "what it stores besides its network")):
        for figure, meaning in (("statistics_of_crop", "statistics"), ("wavelets_of_floor", "wavelets")):
            found, control = figures[MODEL].get(figure), figures.get(row, {}).get(figure, 0.0)
            if found is not None and control > AS_A_CROP and found >= 1 + HARDLY * (control - 1):
                return f"its {meaning} ({found:.2f} of another crop's) are hardly nearer than {name} ({control:.2f})"
    return ""
