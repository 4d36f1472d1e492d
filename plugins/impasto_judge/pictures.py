"""Judgement of a picture against the photograph that it was made from, by figures that no tool here optimises.

Every figure is given for controls as well: another crop of the photograph, a quilt of it, and noise of its spectrum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from impasto.errors import ParameterError
from impasto.surface.resizing import resized_maps, scaled_size
from impasto.texture import Maps

from .cases import EvaluationCase
from .controls import CROP, NOISE, QUILT, quilt_control, random_phase_noise
from .figures import compared_maps, figures_of, own_figures, with_heights_in_metres
from .goals import MORE_REPEATED, PICTURE_GOALS, within
from .real_texture import RealTexture, check_two_sample_size, window_side

RESULT = "result"
"""Row of the judged picture."""
BRIEF = ("statistics_of_crop", "salience_of_crop", "repeated_share", "contrast_low", "contrast_high")
"""The most telling figures of a result."""
AUC, AUC_DEVIATION = "two_sample_auc", "two_sample_deviation"
LEFT_OUT = ("wavelets_of_floor", "fine_swd")
"""Figures of models that are left out here, since others are better for pictures."""
DIFFERENT_TEXELS = 0.01
"""Above this relative difference of texel sizes, the finer picture is shrunk."""
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class PictureJudgement:
    """Figures of a result and of controls, by row and name, and the same by level and map.

    size_px: (height, width) of the result as compared. window_px: side of the windows whose statistics are compared.
    """

    size_px: tuple[int, int]
    window_px: int
    figures: Mapping[str, Mapping[str, float]]
    details: Mapping[str, Mapping[str, Any]]

    def goals(self) -> dict[str, tuple[float, float]]:
        """Range in which figures of the result should lie.

        No copied block may fill half of its shorter side. It may repeat hardly more than another crop. A classifier may
        not recognise it more easily than a quilt, within the deviation between seeds.
        """
        repeated = self.figures[CROP]["repeated_share"] + MORE_REPEATED
        goals = {**PICTURE_GOALS, "repeated_share": (0, repeated), "copied_block_px": (0, min(self.size_px) / 2)}
        quilt = self.figures.get(QUILT, {})
        if AUC in quilt:
            goals[AUC] = (0, quilt[AUC] + max(quilt[AUC_DEVIATION], self.figures[RESULT][AUC_DEVIATION]))
        return goals

    def missed_goals(self) -> list[str]:
        """Names of the result's figures that miss their goals."""
        found = self.figures[RESULT]
        return [name for name, goal in self.goals().items() if name in found and not within(found[name], goal)]


def judge_picture(
    result: Maps,
    source: Maps,
    *,
    controls: bool = True,
    classifiers: int = 0,
    seed: int = 0,
    on_progress: Progress = lambda fraction, message: None,
) -> PictureJudgement:
    """Compare a result with its source.

    controls: also compare a quilt of the source, and noise of its spectrum. classifiers: number of networks that learn
    to distinguish each row from the source. Pictures are compared at one texel size: if both widths are known in
    metres, the finer picture is shrunk. Only maps that both have count. Raise ParameterError if either is too small, or
    if nothing can be compared.
    """
    result, source = at_one_texel_size(result, source)
    _check(result, source, classifiers)
    case = EvaluationCase("", (source,), (), held_out=False)
    names = compared_maps(case, result)
    rows = {RESULT: result}
    if controls:
        on_progress(0, "making controls")
        rows[QUILT] = quilt_control(source, result.size_px, seed)
        rows[NOISE] = random_phase_noise(source, result.size_px, names, seed)
    floor, figures, details = figures_of(case, rows, lambda fraction, message: on_progress(0.3 * fraction, message))
    metric_case, metric_made = with_heights_in_metres(case, list(rows.values()))
    metric_rows: dict[str, Maps | None] = dict(zip(rows, metric_made, strict=True))
    real = RealTexture(metric_case.judged[0], names, result.size_px)
    for index, (row, maps) in enumerate(zip(rows, metric_made, strict=True)):
        on_progress(0.3 + 0.3 * index / len(rows), f"comparing {row}")
        figures[row] = real.figures(maps) | figures[row] | real.contrast(maps)
    seams, details[CROP] = own_figures(source)
    figures[CROP] = real.crop_figures() | {"fine_swd_of_floor": 1.0, "spectrum_db": floor["spectrum_db"]} | seams
    for index, (row, judged) in enumerate((metric_rows | {CROP: None}).items() if classifiers else ()):
        on_progress(0.6 + 0.4 * index / (len(rows) + 1), f"training classifiers for {row}")
        scores = [real.two_sample_auc(judged, number) for number in range(classifiers)]
        figures[row] |= {AUC: float(np.mean(scores)), AUC_DEVIATION: float(np.std(scores))}
        details[row] |= {"two_sample_aucs": scores}
    ordered = {row: _shown_figures(figures[row]) for row in (RESULT, CROP, QUILT, NOISE) if row in figures}
    return PictureJudgement(result.size_px, real.window_px, ordered, details)


class BriefJudge:
    """Judges results by the few most telling figures, in a third of the time of `judge_picture`.

    Measurements of the source are kept for the next result of the same size.
    """

    def __init__(self, source: Maps) -> None:
        self._source = source
        self._known: dict[object, tuple[RealTexture, float]] = {}

    def judge(self, result: Maps) -> tuple[dict[str, float], list[str]]:
        """Figures of a result, and the names of those that miss their goals.

        Raise ParameterError if the result or the source is too small, or if nothing can be compared.
        """
        result, source = at_one_texel_size(result, self._source)
        _check(result, source, 0)
        case = EvaluationCase("", (source,), (), held_out=False)
        names = compared_maps(case, result)
        metric_case, (metric,) = with_heights_in_metres(case, [result])
        real, repeated = self._real(metric_case.judged[0], names, result.size_px)
        found = real.key_figures(metric) | real.contrast(metric)
        seams, _ = own_figures(result)
        low, high = PICTURE_GOALS["seam_z_high"]
        worst = max(seams["seam_z_high"] / high, seams["seam_z_low"] / low)
        figures = {name: found[name] for name in BRIEF} | {"seam": worst}
        goals = {**PICTURE_GOALS, "repeated_share": (0, repeated + MORE_REPEATED), "seam": (-np.inf, 1)}
        return figures, [name for name, value in figures.items() if not within(value, goals[name])]

    def _real(self, source: Maps, names: tuple[str, ...], size_px: tuple[int, int]) -> tuple[RealTexture, float]:
        """The source as real texture, and the repeated share of one of its crops."""
        key = names, size_px, source.size_px
        if key not in self._known:
            found = RealTexture(source, names, size_px)
            self._known[key] = found, found.repeated_share_of_crop()
        return self._known[key]


def _check(result: Maps, source: Maps, classifiers: int) -> None:
    """Raise ParameterError for pictures without colour, too small ones, and a negative number of classifiers."""
    for maps, role in ((result, "the picture"), (source, "the source")):
        if "base_color" not in maps:
            message = "{} {} has no base colour"
            raise ParameterError(message, "give a picture, or a folder that has one", role, maps.name)
    window_side(source.size_px, result.size_px)
    if classifiers < 0:
        raise ParameterError("the number of classifiers is {}", "give 0 for none, or 4 for a first look", classifiers)
    if classifiers:
        check_two_sample_size(result.size_px)


def _shown_figures(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in figures.items() if name not in LEFT_OUT}


def at_one_texel_size(result: Maps, source: Maps) -> tuple[Maps, Maps]:
    """Both pictures at the coarser of their texel sizes, if these are known."""
    if not result.width_m or not source.width_m:
        return result, source
    texels = [maps.width_m / maps.size_px[1] for maps in (result, source) if maps.width_m]
    coarser = max(texels)
    shrunk = []
    for maps, texel in zip((result, source), texels, strict=True):
        ratio = texel / coarser
        shrunk.append(resized_maps(maps, scaled_size(maps.size_px, ratio)) if ratio < 1 - DIFFERENT_TEXELS else maps)
    return shrunk[0], shrunk[1]
