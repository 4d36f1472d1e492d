"""Cases: the real pictures of a material that judge a model, disjoint from those that it learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from impasto.data.dataset import Dataset, Sample
from impasto.data.parts import OTHER_PART, part_of, training_part, unseen_part
from impasto.errors import Message, ParameterError
from impasto.library.models import Model
from impasto.texture import Maps

from .metrics.copies import verbatim_copies

T = TypeVar("T")

MOST_PICTURES = 8
"""Most pictures of each class, spread evenly over the list: enough for a judgement, few enough to wait for."""
MOST_SHARED = 0.2
"""Largest share of a judging part that may be copied from the training data."""


@dataclass(frozen=True)
class EvaluationCase:
    """One material: the real pictures to compare with, and those used for training, if known.

    held_out: whether the two are disjoint. others: real pictures of the material, disjoint from the judged ones.
    """

    label: str
    judged: tuple[Maps, ...]
    trained: tuple[Maps, ...]
    held_out: bool
    others: tuple[Maps, ...] = ()

    def floor_pairs(self) -> list[tuple[list[Maps], list[Maps]]]:
        """Disjoint real pictures of the material: the others and the judged ones, or else halves of a judged one."""
        if self.others:
            return [(list(self.others), list(self.judged))]
        one = self.judged[0]
        return [([part_of(one, part)], [part_of(one, OTHER_PART[part])]) for part in ("left", "top")]


@dataclass(frozen=True)
class _Parts:
    """Parts of one picture: the part that judges, other parts, and the part that the model learned."""

    whole: Maps
    judged: Maps
    others: tuple[Maps, ...]
    learned: tuple[Maps, ...]
    held_out: bool


def cases(
    model: Model, data: Dataset, trained_on: Dataset | None = None, choosing: bool = False
) -> list[EvaluationCase]:
    """The model's cases: one, or one for each of its classes that the data has.

    Pictures that were used whole for training judge only if there are no others. choosing: use the quarters that choose
    settings. Raise ParameterError if the data has none of the model's classes, or if a judging part contains blocks of
    the training data.
    """
    classes = model.card.get("classes") or [""]
    found = []
    for label in classes:
        divided = [_divide(model, sample, choosing) for sample in spread(_judges(model, data, label), MOST_PICTURES)]
        if not divided:
            continue
        learned = [maps for parts in divided for maps in parts.learned]
        if trained_on:
            known = [sample for sample in trained_on.samples if not label or sample.label == label]
            learned += [_at_texel_size(model, sample) for sample in spread(known, MOST_PICTURES)]
        disjoint = [parts for parts in divided if parts.held_out]
        found.append(_case(label, disjoint or divided, learned, bool(disjoint)))
    if not found:
        message = "{} has none of the classes of {}"
        raise ParameterError(message, "give folders that are called {}", data.name, model.name, ", ".join(classes))
    return found


def _case(label: str, divided: Sequence[_Parts], learned: Sequence[Maps], held_out: bool) -> EvaluationCase:
    """The case of these pictures. If two or more were not learned, half of those judge as a whole."""
    judged, others = [parts.judged for parts in divided], [maps for parts in divided for maps in parts.others]
    fresh = [parts.whole for parts in divided if not parts.learned]
    if len(fresh) > 1:
        judged, others = fresh[::2], fresh[1::2]
    for maps in judged if held_out else ():
        _check_disjoint(maps, learned)
    return EvaluationCase(label, tuple(judged), tuple(learned), held_out, tuple(others))


def _check_disjoint(judged: Maps, learned: Sequence[Maps]) -> None:
    for maps in learned:
        shared = verbatim_copies(judged["base_color"].pixels, maps["base_color"].pixels)
        if shared.share > MOST_SHARED:
            part = f"the part of {judged.name} that judges" if judged.name == maps.name else judged.name
            message = Message("{} has {:.0%} of its pixels in common with what the model learned", part, shared.share)
            raise ParameterError(message, "judge it by another picture, or one whose parts do not repeat")


def _judges(model: Model, data: Dataset, label: str) -> list[Sample]:
    """Pictures of a class; for a model of one material, its training pictures, or those of its kind, or all."""
    if label:
        return [sample for sample in data.samples if sample.label == label]
    learned = [sample for sample in data.samples if _entry(model, sample)]
    alike = [sample for sample in data.samples if sample.label and sample.label == model.material]
    return learned or alike or list(data.samples)


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most `most` items, spread evenly over the list."""
    if len(items) <= most:
        return list(items)
    return [items[index] for index in np.linspace(0, len(items) - 1, most).round().astype(int)]


def _divide(model: Model, sample: Sample, choosing: bool) -> _Parts:
    """Parts of a picture. Unlearned pictures are divided in the same way, so that other parts can be controls."""
    maps, entry = _at_texel_size(model, sample), _entry(model, sample)
    part = _learned_part(model, entry, maps) if entry else ""
    learned = [part_of(maps, part)] if part else []
    half = training_part(maps) if part in ("", "all") else part
    judged, other = (unseen_part(maps, half, is_choosing) for is_choosing in (choosing, not choosing))
    is_quarter = 3 * np.prod(judged.size_px) < np.prod(maps.size_px)  # and not half of it
    others = [part_of(maps, half), *([other] if is_quarter else [])]
    return _Parts(maps, judged, tuple(others), tuple(learned), held_out=part != "all")


def _learned_part(model: Model, entry: Mapping[str, Any], maps: Maps) -> str:
    """The part used for training, from the picture's entry in the card, or else from the training's parameters."""
    held_out = model.card.get("parameters", {}).get("hold_out", False)
    return str(entry.get("part") or (training_part(maps) if held_out else "all"))


def _entry(model: Model, sample: Sample) -> Mapping[str, Any] | None:
    """The card's entry for this picture; None if it is not training data."""
    hashes = {sample.sha256, sample.picture.source[1]}
    return next((item for item in model.card["data"] if item["sha256"] in hashes), None)


def _at_texel_size(model: Model, sample: Sample) -> Maps:
    """The maps of a picture at the model's texel size, and with its range of heights if no normal map states one."""
    entry, surfaces = _entry(model, sample), model.card.get("surfaces", [])
    maps = sample.load(max(entry["size_px"]) if entry and "size_px" in entry else model.trained_px)
    has_range = "normal" in maps or "height" not in maps or not entry or len(surfaces) != 1
    return maps if has_range else replace(maps, height_range_m=surfaces[0].get("height_range_m"))
