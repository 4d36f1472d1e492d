"""Evaluation of a trained model: its results are compared with real pictures that it was not trained on.

Results are made by `run`, so any generator with a `model` parameter can be judged. The floor is the score of another
sample of the same real surface. The figures are explained in `metrics`; none of them replaces a look at the sheet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..about import VERSION
from ..data.dataset import Dataset, Sample
from ..data.parts import OTHER_PART, part_of, training_part
from ..errors import ParameterError
from ..library.models import Model
from ..plugins import registry
from ..recipe import Recipe, Step
from ..runner import run
from ..texture import Maps
from .judgement import Case, Judgement
from .judging import judge

Progress = Callable[[float, str], None]
MOST_PICTURES = 8
"""Limit of pictures per class, spread over the list: enough to judge by, few enough to wait for."""


def evaluate(
    model: Model,
    data: Dataset,
    *,
    trained_on: Dataset | None = None,
    split: bool = False,
    seeds: int = 3,
    size_px: int = 512,
    parameters: Mapping[str, Any] | None = None,
    device: str = "auto",
    on_progress: Progress = lambda fraction, message: None,
) -> list[Judgement]:
    """Generate the model's maps with seeds 0, 1, … and compare them with `data`, class by class if it has classes.

    Of a picture whose half was used for training, the other half is compared; `split` halves all others too. Novelty
    needs the training data: that half, or `trained_on`. ParameterError if `data` has none of the model's classes.
    """
    found = cases(model, data, trained_on, split)
    judgements = []
    for index, case in enumerate(found):
        tell = _case_progress(on_progress, index, len(found), case.label)
        made = []
        for seed in range(seeds):
            tell(0.2 * seed / seeds, f"making seed {seed}")
            made.append(generate(model, case.label, seed, size_px, parameters or {}, device))
        judgements.append(judge(case, made, _judging_progress(tell)))
    return judgements


def _case_progress(on_progress: Progress, index: int, count: int, label: str) -> Progress:
    return lambda fraction, message: on_progress((index + fraction) / count, f"{label} {message}".strip())


def _judging_progress(tell: Progress) -> Progress:
    """Progress of judging, which takes four fifths of a case's time."""
    return lambda fraction, message: tell(0.2 + 0.8 * fraction, message)


def cases(model: Model, data: Dataset, trained_on: Dataset | None = None, split: bool = False) -> list[Case]:
    """Cases to judge the model by: one, or one for each of its classes that the data has.

    Pictures that were used whole for training are compared only if there are no others.
    """
    classes = model.card.get("classes") or [""]
    found = []
    for label in classes:
        divided = [_divided(model, sample, split) for sample in _spread(_judges(model, data, label))]
        if not divided:
            continue
        known = [trained for _, trained, _ in divided if trained is not None]
        if trained_on:
            learned = [sample for sample in trained_on.samples if not label or sample.label == label]
            known += [_at_texel_size(model, sample) for sample in _spread(learned)]
        disjoint = [judged for judged, _, is_disjoint in divided if is_disjoint]
        judged = disjoint or [judged for judged, _, _ in divided]
        found.append(Case(label, tuple(judged), tuple(known), bool(disjoint)))
    if not found:
        message = f"{data.name} has none of the classes of {model.name}"
        raise ParameterError(message, f"give folders that are called {', '.join(classes)}")
    return found


def _judges(model: Model, data: Dataset, label: str) -> list[Sample]:
    """Pictures of a class; for a model of one material its training pictures, or those of its kind, or else all."""
    if label:
        return [sample for sample in data.samples if sample.label == label]
    learned = [sample for sample in data.samples if _entry(model, sample)]
    alike = [sample for sample in data.samples if sample.label and sample.label == model.material]
    return learned or alike or list(data.samples)


def _spread(samples: Sequence[Sample]) -> list[Sample]:
    """At most `MOST_PICTURES` samples, spread evenly over the list."""
    if len(samples) <= MOST_PICTURES:
        return list(samples)
    return [samples[index] for index in np.linspace(0, len(samples) - 1, MOST_PICTURES).round().astype(int)]


def _divided(model: Model, sample: Sample, split: bool) -> tuple[Maps, Maps | None, bool]:
    """The part to compare with, the part used for training (None if none is known), and whether they are disjoint."""
    maps = _at_texel_size(model, sample)
    entry = _entry(model, sample)
    part = _part(model, entry, maps) if entry else "all"
    disjoint = entry is None or part != "all"
    if part == "all" and split:
        part = training_part(maps)
    if part != "all":
        return part_of(maps, OTHER_PART[part]), part_of(maps, part), disjoint
    return maps, maps if entry else None, disjoint


def _part(model: Model, entry: Mapping[str, Any], maps: Maps) -> str:
    """The part used for training: from the card's entry of the picture, or else from the training's parameters."""
    held_out = model.card.get("parameters", {}).get("hold_out", False)
    return str(entry.get("part") or (training_part(maps) if held_out else "all"))


def _entry(model: Model, sample: Sample) -> Mapping[str, Any] | None:
    """The card's entry of this picture; None if it is not training data."""
    hashes = {sample.sha256, sample.picture.source[1]}
    return next((item for item in model.card["data"] if item["sha256"] in hashes), None)


def _at_texel_size(model: Model, sample: Sample) -> Maps:
    entry = _entry(model, sample)
    return sample.load(max(entry["size_px"]) if entry and "size_px" in entry else trained_px(model))


def trained_px(model: Model) -> int:
    """The longer side, in pixels, to which the model's pictures were shrunk: its texel size."""
    sizes = [max(item["size_px"]) for item in model.card["data"] if "size_px" in item]
    return max(sizes, default=int(model.card.get("parameters", {}).get("longest_px", 1024)))


def generate(
    model: Model, label: str, seed: int, size_px: int, parameters: Mapping[str, Any], device: str = "auto"
) -> Maps:
    """Result of the model, from a recipe of one step; `label` is a class, or "" if the model has none."""
    tool = registry().tool(str(model.card["tool"]))
    fields = tool.parameters.model_fields
    given: dict[str, Any] = {"model": model.name, "width_px": size_px, "height_px": size_px}
    if label and "material" in fields:
        given["material"] = label
    step = Step(tool.name, {**{name: value for name, value in given.items() if name in fields}, **parameters})
    return run(Recipe((step,), seed), device=device, models_folder=model.path.parent).maps


def report(model: Model, judgements: Sequence[Judgement], size_px: int) -> dict[str, Any]:
    """Content of `evaluation.json`: the same for the same model, data and seeds."""
    return {
        "impasto": VERSION,
        "model": model.name,
        "sha256": model.sha256(),
        "tool": model.card["tool"],
        "size_px": size_px,
        "cases": [judgement.as_json() for judgement in judgements],
    }


def card_figures(judgements: Sequence[Judgement]) -> dict[str, float]:
    """Mean figures for the model's card, averaged over its classes."""
    kept = ("fine_swd_of_floor", "wavelets_of_floor", "contrast_low", "contrast_high", "spectrum_db", "novelty")
    means = [judgement.mean() for judgement in judgements]
    return {
        name: round(float(np.mean([mean[name] for mean in means])), 4)
        for name in kept
        if all(name in mean for mean in means)
    }
