"""Writes the report of a training: a page with pictures of the model and its data, figures, and a verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from impasto.data.dataset import Dataset
from impasto.data.parts import window_of
from impasto.errors import ParameterError
from impasto.library.models import Model
from impasto.system.transaction import replace_files
from impasto.texture import Maps

from .cases import EvaluationCase, cases
from .comparison import BRIEF_CLASSIFIERS, CaseResult, compare_case
from .controls import CROP, MODEL
from .generation import Generation
from .report_page import ROWS, UNSEEN, Shown, report_page
from .verdict import advice, verdict

Progress = Callable[[float, str], None]
SEEDS, JUDGED_SEEDS = 3, 2
LARGEST_PX, SMALLEST_PX, STEP_PX = 512, 64, 32
"""Range of the side of the shown and judged pictures; it is a multiple of the last number."""
MOST_CLASSES = 4
"""Most classes of a model that are shown; only the first one is judged."""
LIMIT_S = 60.0
"""The comparison is given up after this processor time, on very slow machines."""


def write_report(
    model: Model,
    data: Dataset,
    file: Path,
    *,
    device: str = "auto",
    on_progress: Progress = lambda fraction, message: None,
) -> str:
    """Write the report of a model that was trained on `data`; return the verdict in a sentence.

    The part of the data that chooses settings judges it, so that another part stays unused for a final judgement.
    """
    on_progress(0.0, "looking at the data")
    first, *others = cases(model, _some_classes(model, data), choosing=True)
    generation = Generation(model, first.label, _side_px(first), {}, device)
    compared, pictures = _compare(first, generation, lambda part, message: on_progress(0.8 * part, message))
    if model.description()["exemplar"]:
        on_progress(0.8, "taking detail from what it learned")
        pictures = replace(pictures, detailed=replace(generation, parameters={"texture_transfer": True}).make(0))
    pages = [pictures]
    for index, case in enumerate(others):
        on_progress(0.8 + 0.2 * index / len(others), f"making {case.label}")
        pages.append(_pictures(case, replace(generation, label=case.label), {}))
    found = verdict(compared)
    tips = advice(model.card, compared, [sample.size_px for sample in data.samples])
    replace_files({file: report_page(model, pages, compared, found, tips).encode()})
    return f"{found.title}: {found.reason}"


def _some_classes(model: Model, data: Dataset) -> Dataset:
    """The data with only the pictures of the model's first `MOST_CLASSES` classes."""
    classes = model.card.get("classes", [])[:MOST_CLASSES]
    return replace(data, samples=tuple(one for one in data.samples if not classes or one.label in classes))


def _side_px(case: EvaluationCase) -> int:
    """Side of results, about that of the real pictures."""
    shorter = min(case.judged[0].size_px)
    return max(SMALLEST_PX, min(LARGEST_PX, shorter) // STEP_PX * STEP_PX)


def _compare(case: EvaluationCase, generation: Generation, on_progress: Progress) -> tuple[CaseResult, Shown]:
    """Figures of a class and of controls, and their pictures."""
    started = time.process_time()

    def report(fraction: float, message: str) -> None:
        on_progress(fraction, message)
        if time.process_time() - started > LIMIT_S:
            remedy = "`impasto evaluate model` has no such limit"
            raise ParameterError("the comparison took more than {:.0f} s of processor time", remedy, LIMIT_S)

    try:
        found = compare_case(case, generation, JUDGED_SEEDS, BRIEF_CLASSIFIERS, False, report)
    except ParameterError as error:
        found = CaseResult(case, notes=(str(error),))
    return found, _pictures(case, generation, found.made)


def _pictures(case: EvaluationCase, generation: Generation, generated: Mapping[str, tuple[Maps, ...]]) -> Shown:
    """Pictures of some seeds, pieces of learned and of unseen data, and controls."""
    judged = generated.get(MODEL, ())
    seeds = (*judged, *(generation.make(seed) for seed in range(len(judged), SEEDS)))
    corner = slice(generation.size_px), slice(generation.size_px)
    pieces = {UNSEEN if case.held_out else "what it learned from": window_of(case.judged[0], corner)}
    if case.held_out and case.trained:
        pieces = {"what it learned from": window_of(case.trained[0], corner), **pieces}
    controls = {text: generated[row][0] for row, text in ROWS.items() if row not in (MODEL, CROP) and row in generated}
    return Shown(case.label, seeds, pieces, controls)
