"""Comparison of a trained model with real pictures that it did not learn from, and with simple controls.

Results are made by `run`, so any generator with a `model` parameter can be judged. Each figure is given for another
real crop, for simpler methods, and for the model without its network as well. No figure replaces a look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from impasto.about import VERSION
from impasto.data.dataset import Dataset
from impasto.library.models import Model
from impasto.texture import Maps

from .cases import EvaluationCase, cases
from .channels import ScaledChannels
from .controls import CROP, MEAN, MODEL, NOISE, QUILT, ROWS, simple_controls
from .figures import CopySearch, colors_of, compared_maps, comparison_figures, own_figures, with_heights_in_metres
from .generation import Generation, network_share
from .goals import CLASS_GOALS, GOALS, MODEL_FIGURES, MORE_REPEATED, within
from .independent import IndependentFigures
from .metrics.copies import repeated_share
from .metrics.diversity import largest_correlation, ms_ssim, over_pairs

Progress = Callable[[float, str], None]
CLASSIFIERS: Mapping[str, int] = {MODEL: 2, CROP: 2, QUILT: 2, NOISE: 1, MEAN: 1}
"""Number of classifiers that learn to distinguish each row's pictures from real ones."""
BRIEF_CLASSIFIERS: Mapping[str, int] = {MODEL: 1, CROP: 1}
JUDGED_CONTROLS = 1
"""Number of pictures of each control, except crops, that are judged; only classifiers see a second one."""


@dataclass(frozen=True)
class CaseResult:
    """Figures of a model and of controls for one material: `rows` by row (see `ROWS`) and name; empty if it failed.

    label: the model's class, "" if it has none. held_out: whether the model did not learn the judging pictures.
    deviation: of each figure, by row, over seeds, crops or classifiers. network_share: see `network_share`. pictures:
    pictures of each row. notes: sentences about what could not be measured.
    """

    case: EvaluationCase
    rows: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    deviation: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    network_share: Mapping[str, float] = field(default_factory=dict)
    pictures: Mapping[str, tuple[Maps, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return self.case.label

    @property
    def held_out(self) -> bool:
        return self.case.held_out

    def goals(self) -> dict[str, tuple[float, float]]:
        """Range in which each figure of the model should lie. It may repeat as much of itself as other crops do."""
        goals = dict(CLASS_GOALS if self.label else GOALS)
        crop = self.rows.get(CROP, {})
        if "repeated_share" in crop:
            goals["repeated_share"] = (0, crop["repeated_share"] + MORE_REPEATED)
        return goals

    def missed_goals(self) -> list[str]:
        """Names of the model's figures that miss their goals."""
        goals, found = self.goals(), self.rows.get(MODEL, {})
        return [name for name in found if name in goals and not within(found[name], goals[name])]

    def as_json(self) -> dict[str, Any]:
        """The comparison as JSON, without pictures."""
        return {
            "label": self.label,
            "data": [maps.name for maps in self.case.judged],
            "held_out": self.held_out,
            "rows": {row: dict(figures) for row, figures in self.rows.items()},
            "deviation": {row: dict(figures) for row, figures in self.deviation.items()},
            "network_share": dict(self.network_share),
            "goals": {name: [low, None if high == np.inf else high] for name, (low, high) in self.goals().items()},
            "missed": self.missed_goals(),
            "notes": list(self.notes),
        }


def compare_model(
    model: Model,
    data: Dataset,
    *,
    trained_on: Dataset | None = None,
    choosing: bool = False,
    brief: bool = False,
    seeds: int = 3,
    size_px: int = 512,
    parameters: Mapping[str, Any] | None = None,
    device: str = "auto",
    on_progress: Progress = lambda fraction, message: None,
) -> list[CaseResult]:
    """Compare the model's maps of seeds 0, 1, … with `data`, class by class if it has classes.

    trained_on: the training data, if `data` does not contain it. choosing: compare with the quarter that chooses
    settings, not with the judging one. brief: only one classifier each for the model and another crop, and no search
    for copies. Raise ParameterError if `data` has none of the model's classes, if its parts share blocks, or if nothing
    can be compared.
    """
    found = cases(model, data, trained_on, choosing)
    comparisons = []
    for index, case in enumerate(found):
        generation = Generation(model, case.label, size_px, parameters or {}, device)
        classifiers = BRIEF_CLASSIFIERS if brief else CLASSIFIERS
        progress = _part_of_progress(on_progress, index, len(found), case.label)
        comparisons.append(compare_case(case, generation, seeds, classifiers, not brief, progress))
    return comparisons


def _part_of_progress(on_progress: Progress, index: int, count: int, label: str) -> Progress:
    return lambda fraction, message: on_progress((index + fraction) / count, f"{label} {message}".strip())


def compare_case(
    case: EvaluationCase,
    generation: Generation,
    seeds: int,
    classifiers: Mapping[str, int],
    copies: bool = True,
    on_progress: Progress = lambda fraction, message: None,
) -> CaseResult:
    """Compare a model and controls with the real pictures of one case.

    classifiers: their number by row. copies: whether to look for copies of the training data, and within results.
    """
    on_progress(0, "making results")
    generated = [generation.make(seed) for seed in range(seeds)]
    names = compared_maps(case, generated[0])
    without = generation.without_network(range(seeds))
    # a classifier of controls learns from one and tests on another
    count = 2 if {QUILT, NOISE} & set(classifiers) else JUDGED_CONTROLS
    rows = {MODEL: generated, **simple_controls(case, names, generation.size_px, count), MEAN: without}
    rows = {row: rows[row] for row in ROWS if rows.get(row)}
    judge = _Judge(case, names, rows, copies)
    found: dict[str, list[dict[str, float]]] = {}
    for index, row in enumerate(rows):
        on_progress(0.1 + 0.5 * index / len(rows), f"comparing {row}")
        found[row] = judge.figures(row)
    means = {row: _over_pictures(np.mean, figures) for row, figures in found.items()}
    deviations = {row: _over_pictures(np.std, figures) for row, figures in found.items()}
    for index, (row, count) in enumerate(classifiers.items()):
        on_progress(0.6 + 0.4 * index / len(classifiers), f"training classifiers for {row}")
        scores = judge.aucs(row, count)
        if scores:
            means[row]["two_sample_auc"] = float(np.mean(scores))
            deviations[row]["two_sample_auc"] = float(np.std(scores))
    means[MODEL] |= _diversity(generated)
    _relate_to_crops(means, deviations)
    share = network_share(generated, without, names)
    return CaseResult(case, means, deviations, share, {row: tuple(maps) for row, maps in rows.items()}, judge.notes())


class _Judge:
    """Figures of each row's pictures, compared with a case; heights are in metres where their range is known."""

    def __init__(
        self, case: EvaluationCase, names: tuple[str, ...], rows: Mapping[str, Sequence[Maps]], copies: bool
    ) -> None:
        self.case, self.rows = case, rows
        everything = [maps for one in rows.values() for maps in one]
        self.metric_case, metric = with_heights_in_metres(case, everything)
        ordered = iter(metric)
        self.metric_rows = {row: [next(ordered) for _ in pictures] for row, pictures in rows.items()}
        self.channels = ScaledChannels(names, self.metric_case.judged)
        self.independent = IndependentFigures(self.metric_case, names)
        self.copies = CopySearch(case) if copies else None
        self.measured: set[str] = set()

    def figures(self, row: str) -> list[dict[str, float]]:
        """Figures of each picture of a row."""
        tiles, count = row != CROP, None if row in (MODEL, CROP) else JUDGED_CONTROLS
        raw = {"fine_swd": 1.0, "wavelets": 1.0}
        found = []
        for maps, metric in zip(self.rows[row][:count], self.metric_rows[row], strict=False):
            figures, _ = comparison_figures(self.metric_case, metric, self.channels, raw, tiles)
            figures |= self.independent.of(metric, tiles)
            if tiles:
                figures |= own_figures(maps)[0]
            if self.copies:
                figures["repeated_share"] = repeated_share(maps["base_color"].pixels, mirrored=True)
            if self.copies and row in (MODEL, QUILT):
                figures |= self.copies.figures(maps)
            found.append(figures)
            self.measured |= figures.keys()
        return found

    def aucs(self, row: str, count: int) -> list[float]:
        """Scores of classifiers that distinguish a row's pictures from real ones; [] if these are too small."""
        generated, real = self.metric_rows.get(row, []), self.metric_rows[CROP]
        if not self.independent.can_classify([*generated, *real]) or len(real) < 2 or not generated:
            return []
        scores = []
        for seed in range(count):
            learned, tested = (generated[(seed + step) % len(generated)] for step in (0, 1))
            known = [maps for maps in real if row != CROP or (maps is not learned and maps is not tested)]
            if not known or (row == CROP and learned is tested):
                return []
            scores.append(self.independent.two_sample_auc(learned, tested, known, seed))
        return scores

    def notes(self) -> tuple[str, ...]:
        """Sentences about what could not be measured."""
        notes = []
        if not self.independent.window_px:
            notes.append("the real pictures are too small to compare joint statistics")
        if QUILT not in self.rows:
            notes.append("the real pictures are too small to quilt")
        if "precision" not in self.measured:
            notes.append("no encoder is installed for precision and recall: see `impasto weights`")
        if not self.case.trained:
            notes.append("what the model learned from is not known, so copies of it were not looked for")
        return tuple(notes)


def _over_pictures(statistic: Callable[..., Any], figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(statistic([one[name] for one in figures])) for name in figures[0]}


RELATIVE = {
    "fine_swd_of_floor": "fine_swd",
    "wavelets_of_floor": "wavelets_of_floor",
    "statistics_of_crop": "statistics",
    "phases_of_crop": "phases",
}
"""Figures in units of another real crop's, and the absolute figures that they derive from."""


def _relate_to_crops(means: dict[str, dict[str, float]], deviations: dict[str, dict[str, float]]) -> None:
    """Add figures in units of the mean of the real crops."""
    for relative, absolute in RELATIVE.items():
        usual = max(means[CROP].get(absolute, 0.0), 1e-6)
        for row in means:
            for figures in (means[row], deviations[row]):
                if absolute in figures:
                    figures[relative] = figures[absolute] / usual


def _diversity(generated: Sequence[Maps]) -> dict[str, float]:
    """Similarity of the results of different seeds; empty for one seed."""
    if len(generated) < 2:
        return {}
    colors = colors_of(generated)
    return {
        "largest_correlation": max(over_pairs(largest_correlation, colors)),
        "ms_ssim": float(np.mean(over_pairs(ms_ssim, colors))),
    }


def report(model: Model, comparisons: Sequence[CaseResult], size_px: int) -> dict[str, Any]:
    """Content of `evaluation.json`; the same model, data and seeds give the same content."""
    return {
        "impasto": VERSION,
        "model": model.name,
        "sha256": model.sha256(),
        "tool": model.card["tool"],
        "size_px": size_px,
        "cases": [comparison.as_json() for comparison in comparisons],
    }


RECORDED = (*MODEL_FIGURES, "height_spectrum_db", "roughness_spectrum_db")


def card_figures(comparisons: Sequence[CaseResult]) -> dict[str, float]:
    """Figures for the model's card: means over its classes, and the network's share of the variance."""
    means = [{**one.rows[MODEL], "network_share": one.network_share.get("all", np.nan)} for one in comparisons]
    return {
        name: round(float(np.mean([mean[name] for mean in means])), 4)
        for name in (*RECORDED, "network_share")
        if all(np.isfinite(mean.get(name, np.nan)) for mean in means)
    }
