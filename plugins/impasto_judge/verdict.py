"""The verdict on a model in plain words, from its figures and those of controls, and advice on what to try next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .comparison import CaseResult
from .controls import MEAN, MODEL, NOISE, QUILT
from .goals import FIGURES

STATISTICS, WAVELETS, SPECTRUM = "statistics_of_crop", "wavelets_of_floor", "spectrum_db"
AS_A_CROP = 1.2
"""If a control's figure, relative to another crop's, is at most this, the material has hardly any structure."""
HARDLY = 0.75
"""From this share of the way between a crop's and a control's figure, a model is hardly better than the control."""
WORST_STATISTICS = 3.0
"""Above these statistics, relative to another crop's, a model does not show its material; noise has 2 to 8."""
WORST_SPECTRUM_DB = 5.0
"""Above this difference of power in a frequency band, large shapes are missing."""
SEAMS = ("seam_z_high", "seam_z_low")
FROM_AFAR, NEARBY = (
    {name: figure.fault for name, figure in FIGURES.items() if figure.fault and figure.is_detail == is_detail}
    for is_detail in (False, True)
)
"""Faults of a model that misses a figure's goal: in the layout, and in the detail."""
STILL_FALLING = 0.95
"""A training could continue if the SWD of its last quarter is below this share of the quarter before."""
FEW_CANVASES = 6.0
LOW_DIVERSITY = 0.7
COPIES = 0.85


@dataclass(frozen=True)
class Verdict:
    """One of the four titles below, and the reason as a clause."""

    title: str
    reason: str


GOOD, FAR, BAD, UNKNOWN = "good", "usable from afar", "not usable", "not judged"


def verdict(compared: CaseResult) -> Verdict:
    """The verdict on a model, from its figures in one case."""
    if MODEL not in compared.rows:
        return Verdict(UNKNOWN, "; ".join(compared.notes) or "there is nothing to compare it with")
    missed, figures = compared.missed_goals(), compared.rows
    found = figures[MODEL].get(STATISTICS)
    if set(missed) & set(SEAMS):
        return Verdict(BAD, "its border shows when it is tiled")
    if reason := _like_a_control(figures):
        return Verdict(BAD, reason)
    if found is not None and found > WORST_STATISTICS:
        return Verdict(BAD, f"its statistics are {found:.1f} times as far from the data as another crop's")
    if (spectrum := figures[MODEL].get(SPECTRUM, 0.0)) > WORST_SPECTRUM_DB:
        return Verdict(BAD, f"shapes of some size are missing (its spectrum is {spectrum:.1f} dB from the data's)")
    faults = [fault for name, fault in {**FROM_AFAR, **NEARBY}.items() if name in missed]
    if faults:
        return Verdict(FAR, ", and ".join(faults))
    seen = "a part of the data that it has not seen" if compared.held_out else "the data that it learned from"
    return Verdict(GOOD, f"its figures are those of another crop of {seen}")


def _like_a_control(figures: Mapping[str, Mapping[str, float]]) -> str:
    """A clause about a figure in which a model is hardly better than a control without structure, or ""."""
    for row, name in ((NOISE, "noise"), (MEAN, "what it stores besides its network")):
        for figure, meaning in ((STATISTICS, "statistics"), (WAVELETS, "wavelets")):
            found, control = figures[MODEL].get(figure), figures.get(row, {}).get(figure, 0.0)
            if found is not None and control > AS_A_CROP and found >= 1 + HARDLY * (control - 1):
                return f"its {meaning} ({found:.2f} of another crop's) are hardly nearer than {name} ({control:.2f})"
    return ""


def advice(card: Mapping[str, Any], compared: CaseResult, sizes_px: Sequence[tuple[int, int]]) -> list[str]:
    """Advice on training, most useful first. card: the model's. sizes_px: (height, width) of its data."""
    settings, figures, curve = card.get("parameters", {}), card.get("figures", {}), card.get("curve", {})
    found, missed = compared.rows.get(MODEL, {}), set(compared.missed_goals())
    tips = []
    if figures.get("rollbacks"):
        rate = settings.get("learning_rate")
        tips.append(
            f"It went back {figures['rollbacks']:.0f} times: train with a lower learning rate"
            + (f" (--learning-rate {rate / 2:g})." if rate else ".")
        )
    if is_still_falling(curve) or (missed & {*NEARBY, SPECTRUM} and not figures.get("rollbacks")):
        steps = f" (--steps {2 * int(settings['steps'])})" if "steps" in settings else ""
        reason = "SWD still fell at the end" if is_still_falling(curve) else "its figures miss goals"
        tips.append(f"Train longer{steps}: {reason}.")
    if "canvas_px" in settings and missed & {"salience_of_crop", "repeated_share", SPECTRUM}:
        larger = min(1024, 2 * int(settings["canvas_px"]))
        tips.append(f"Let each step see a larger surface (--canvas-px {larger}): large shapes are wrong.")
    if figures.get("diversity", 1.0) < LOW_DIVERSITY:
        tips.append(f"Its pictures differ {figures['diversity']:.2f} times as much as the data: give more pictures.")
    if found.get("novelty", 1.0) < COPIES:
        more = ", or --augment 0.3" if "augment" in settings else ""
        tips.append(f"It copies the data: give more pictures{more}.")
    if small := _small_area(settings, sizes_px):
        tips.append(f"Give more or larger pictures: all together they are {small:.1f} times what one step looks at.")
    if not compared.held_out:
        tips.append("Train with --hold-out to judge it by a part of the data that it has not seen.")
    quilt = compared.rows.get(QUILT, {}).get(STATISTICS)
    if quilt is not None and STATISTICS in found and quilt < found[STATISTICS] and STATISTICS in missed:
        tips.append("A quilt of the picture is closer to it: use that instead if you need no endless variation.")
    return tips or ["Nothing is wrong with its figures: look at the pictures, nearby and from afar."]


def is_still_falling(curve: Mapping[str, Sequence[float]]) -> bool:
    """Whether SWD still fell in the last quarter of a training."""
    looks = list(curve.get("swd", ()))
    part = len(looks) // 4
    return part >= 2 and sum(looks[-part:]) < STILL_FALLING * sum(looks[-2 * part : -part])


def _small_area(settings: Mapping[str, Any], sizes_px: Sequence[tuple[int, int]]) -> float:
    """Area of the data relative to the area that one training step sees, if that is small, or else 0."""
    side = settings.get("canvas_px") or settings.get("crop_px")
    if not side:
        return 0.0
    share = 0.5 if settings.get("hold_out") else 1.0
    area = share * sum(height * width for height, width in sizes_px) / side**2
    return area if area < FEW_CANVASES else 0.0
