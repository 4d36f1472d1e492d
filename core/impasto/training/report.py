"""Writing the report of a training: a page with pictures of the model beside its data, and its figures and verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..data.dataset import Dataset
from ..errors import ParameterError
from ..evaluation.evaluate import cases, generate
from ..evaluation.judgement import GOALS, Case
from ..evaluation.pictures import judge_picture
from ..library.models import Model
from ..system.transaction import replace_files
from ..texture import Maps
from .report_page import UNSEEN, Shown, report_page
from .report_verdict import SPECTRUM, Compared, advice, verdict

Progress = Callable[[float, str], None]
SEEDS = 3
LARGEST_PX, SMALLEST_PX = 512, 64
"""Range of the side of the pictures that are shown and judged; that of the data in between."""
MOST_CLASSES = 4
"""Number of a model's classes that are shown; the first of them is judged."""
LIMIT_S = 60.0
"""Processor time after which the comparison is given up, for a machine that is slower than those known."""


def write_report(
    model: Model,
    data: Dataset,
    file: Path,
    *,
    device: str = "auto",
    on_progress: Progress = lambda fraction, message: None,
) -> str:
    """Write the report of a model that was trained on `data`; return the verdict in a sentence."""
    on_progress(0.0, "looking at the data")
    found = cases(model, _some_classes(model, data))
    shown = []
    for index, case in enumerate(found):
        on_progress(0.3 * index / len(found), f"making {case.label or 'pictures'}")
        shown.append(_shown(model, case, device))
    compared = _compared(found[0], shown[0], lambda part, message: on_progress(0.3 + 0.7 * part, message))
    said = verdict(compared)
    tips = advice(model.card, compared, [sample.size_px for sample in data.samples])
    replace_files({file: report_page(model, shown, compared, said, tips).encode()})
    return f"{said.title}: {said.reason}"


def _some_classes(model: Model, data: Dataset) -> Dataset:
    """The data without the pictures of other classes than the first `MOST_CLASSES` of the model."""
    classes = model.card.get("classes", [])[:MOST_CLASSES]
    return replace(data, samples=tuple(one for one in data.samples if not classes or one.label in classes))


def _shown(model: Model, case: Case, device: str) -> Shown:
    """Pictures of one class: those of some seeds, and pieces of the data that it learned from and that it did not."""
    real = case.judged[0]
    side = max(SMALLEST_PX, min(LARGEST_PX, *real.size_px) // 32 * 32)
    made = tuple(generate(model, case.label, seed, side, {}, device) for seed in range(SEEDS))
    pieces = {UNSEEN if case.held_out else "the data, which it learned from": _corner(real, side)}
    if case.held_out and case.trained:
        pieces = {"what it learned from": _corner(case.trained[0], side), **pieces}
    return Shown(case.label, made, pieces)


def _compared(case: Case, shown: Shown, on_progress: Progress) -> Compared:
    """Figures of the first picture of a class, and of controls."""
    started = time.process_time()

    def tell(fraction: float, message: str) -> None:
        on_progress(fraction, message)
        if time.process_time() - started > LIMIT_S:
            remedy = "`impasto evaluate model` has no such limit"
            raise ParameterError(f"the comparison took more than {LIMIT_S:.0f} s of processor time", remedy)

    try:
        found = judge_picture(shown.made[0], case.judged[0], on_progress=tell)
    except ParameterError as error:
        return Compared({}, {}, case.held_out, (f"{error.message}; {error.remedy}",))
    return Compared(found.figures, {**found.goals(), SPECTRUM: GOALS[SPECTRUM]}, case.held_out)


def _corner(maps: Maps, side_px: int) -> Maps:
    """The upper left piece of at most side_px."""
    parts = {name: replace(maps[name], pixels=maps[name].pixels[:side_px, :side_px]) for name in maps}
    return replace(maps, textures=parts, width_m=None)
