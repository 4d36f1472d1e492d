"""Matches a photograph with a procedural material and parameters that resemble it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.matchers import Match, Matcher
from impasto.recipe import Recipe, Step
from impasto.texture import Maps

if TYPE_CHECKING:
    from torch import Tensor

    from .search import FoundMaterial

CANDIDATES = 5
"""Number of materials to try, the most probable ones."""
SMALLEST_PX = 64
MOST_TRANSPARENT = 0.01
"""Largest share of a picture that may be transparent."""
LEAST_CONTRAST = 0.004
"""Smallest deviation of lightness of a picture that shows something, more than the rounding of 8 bits."""
UNLIKE = 0.9
"""A match at a larger distance is called poor; photographs of known materials mostly had 0.4 to 0.7."""
SURE = 0.5
"""A kind of material with a lower probability is called doubtful."""


class PhotographMatcher(Matcher):
    """A search over as many `candidates` as a classifier finds most probable; see `search`."""

    name, label = "match-photograph", "Match photograph"
    description = "A procedural material like a photograph: endless, seamless, and with all its sliders"
    subject, example = "picture", "wall.jpg"

    def __init__(self, candidates: int = CANDIDATES) -> None:
        self.candidates = candidates

    def match(self, subject: str | Maps, seed: int, context: Context, start: Recipe | None = None) -> Match:
        """The recipe of the material with the nearest statistics, and their distance."""
        from ..catalogue import all_materials
        from .classifier import bundled_classifier
        from .drawing import canvas_seed
        from .search import MatchTarget, MaterialSearch

        assert isinstance(subject, Maps)
        context.progress(0.0, "Measuring the photograph")
        target = MatchTarget.of(_small(subject))
        classifier = bundled_classifier()
        probable = classifier.probabilities(target.features[0])
        known = {material.name: material for material in all_materials()}
        tried = {known[name]: probable[name] for name in list(probable)[: self.candidates]}
        on_progress = lambda share: context.progress(share, "Trying materials")  # noqa: E731
        search = MaterialSearch(target, classifier.deviation, canvas_seed(seed), on_progress)
        best, *others = search.best(tried, middle_width_m(subject))
        step = Step(best.space.material.name, {key: best.values[key] for key in _changes(best)})
        _note_match(best, others, probable, subject, context)
        figures = {"distance": best.distance, "probability": probable[best.space.material.name]}
        return Match(Recipe((step,), seed), figures=figures)


def middle_width_m(subject: Maps) -> float | None:
    """Real-world width of the picture's middle square, the part that is matched; None if it is not known."""
    height, width = subject.size_px
    return subject.width_m * min(height, width) / width if subject.width_m else None


def _small(subject: Maps) -> Tensor:
    """The middle square of a picture in Oklab (3, SIDE_PX, SIDE_PX). Raise ParameterError if it shows no surface."""
    import torch

    from impasto.surface.color import linear_pixels
    from impasto.surface.color_tensors import linear_to_oklab
    from impasto.surface.resizing import resize

    from .features import SIDE_PX

    height, width = subject.size_px
    if min(height, width) < SMALLEST_PX:
        message = "the picture is {}x{} px, and {}x{} px is the least to match"
        raise ParameterError(message, "give a larger photograph", width, height, SMALLEST_PX, SMALLEST_PX)
    if "opacity" in subject and float((subject["opacity"].pixels < 0.5).mean()) > MOST_TRANSPARENT:
        raise ParameterError("a part of the picture is transparent", "crop it to the surface that it shows")
    linear = linear_pixels(subject["base_color"])
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    small = resize(linear[top : top + side, left : left + side], (SIDE_PX, SIDE_PX))
    lab = linear_to_oklab(torch.from_numpy(small).permute(2, 0, 1).clamp(0, 1))
    if float(lab[0].std()) < LEAST_CONTRAST:
        raise ParameterError("the picture is of one colour, which shows no material", "give a photograph of a surface")
    return lab


def _changes(found: FoundMaterial) -> list[str]:
    """Names of the values that differ from the defaults."""
    fields = found.space.material.parameters.model_fields
    return [name for name, value in found.values.items() if fields[name].default != value]


def _note_match(
    best: FoundMaterial, others: list[FoundMaterial], probable: dict[str, float], subject: Maps, context: Context
) -> None:
    """Note the chosen material, how certain it is, and what a photograph cannot show."""
    label, share = best.space.material.label, probable[best.space.material.name]
    if share >= SURE or not others:
        context.note("the photograph was taken for this material: {}", label)
    else:
        other = others[0].space.material.label
        context.note("the photograph was taken, with doubt, for this material: {}; the next best is: {}", label, other)
    if best.distance > UNLIKE:
        context.note("the likeness is poor: no procedural material looks much like this photograph")
    if best.is_turned:
        context.note("its pattern runs across that of the photograph: turn it by 90° where you use it")
    if not subject.width_m:
        width = f"{best.values['width_m']:.2g}"
        context.note("the photograph's width is not known and was guessed from its pattern: {} m", width)
    context.note("relief, roughness and metal are the material's own, since a photograph's colours do not show them")
