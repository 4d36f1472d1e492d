"""`more_like`: recipes that resemble favourites, made by mixing and varying their parameters and latents.

Numbers mix by blend crossover (BLX-alpha, Eshelman and Schaffer 1993), then a normal mutation; colours mix in Oklab.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..descriptions import SliderDescription
from ..errors import Message, ParameterError, choices
from ..generators import LatentGenerator
from ..library.models import ModelLibrary
from ..matchers import Match
from ..parameters import SizeParameters, properties_of
from ..plugins.registry import registry
from ..recipe import MAX_SEED, MAX_TEXT, Recipe, Step
from ..surface.palette import from_oklab, to_oklab
from ..system.untrusted import excerpt
from ..tools import model_parameter, validate
from .matching import of_size

MORE_LIKE = "more-like"
"""Name of the action in commands and in the record of a recipe."""
MAX_PARENTS = 16
FIXED = ("width_m", *SizeParameters.model_fields)
"""Parameters that do not mutate: the scale, and the size in pixels, which is that of the first parent."""
SAME_SEED = 0.5
"""Share of children of two parents that keep the seed, and so the arrangement, of the first one."""
LATENT_STEP = 0.5
"""Largest step of a single parent's child towards another latent, at full variety, from 0 to 1."""
BEYOND = 0.5
"""Highest share of the parents' distance by which a child lies beyond them: the alpha of BLX-alpha, at full variety."""
MUTATION = 0.16
"""Deviation of a mutation at full variety, as a share of a number's usual range."""
LENGTH_MUTATION = 0.2
"""`MUTATION` for the logarithm of a length."""
COLOR_MUTATION = np.array([0.06, 0.015, 0.02])
"""`MUTATION` for the Oklab coordinates of a colour."""
ALIKE = 0.9
"""Correlation of the mutations of all colours, so that they still match: bricks of one wall."""
LENGTHS = ("_m", "_px")
"""Endings of the names of lengths, which are mixed by their logarithms."""
SEEDS = "seed"
"""Ending of the names of whole numbers that cannot be interpolated."""


def more_like(
    favourites: Sequence[Recipe],
    *,
    seed: int = 0,
    variety: float = 0.5,
    locked: Collection[str] = (),
    size_px: tuple[int, int] | None = None,
    models_folder: Path | None = None,
) -> Match:
    """A recipe that resembles one favourite, or mixes two of them. Each seed gives another recipe.

    A single favourite varies in its parameters. Of several, the seed selects one to lead, which is mixed with another
    one of the same tools and models. Numbers mix by blend crossover and colours in Oklab. Choices and seeds come from
    either parent, and latents mix where the tool can. variety: from 0, between the favourites, to 1, far around them.
    locked: names of parameters that keep the leading favourite's values. size_px: (height, width), for steps with one.
    Raise ParameterError if there are no or too many favourites, or a parameter is wrong.
    """
    _check(favourites, variety, locked)
    rng = np.random.default_rng([seed, 0x2545F491])
    library = registry().model_library(models_folder)
    turn = seed % len(favourites)
    lead, others = favourites[turn], [*favourites[:turn], *favourites[turn + 1 :]]
    mates = [one for one in others if _kind(one, library) == _kind(lead, library)]
    mate = mates[int(rng.integers(len(mates)))] if mates else lead
    recipe = _child(lead, mate, rng, variety, set(locked), library)
    if size_px is not None:
        recipe = of_size(recipe, size_px)
    for step in recipe.steps:
        validate(registry().tool(step.tool), step.parameters)
    return Match(recipe, () if len(mates) == len(others) else (_note(lead, library),))


def _check(favourites: Sequence[Recipe], variety: float, locked: Collection[str]) -> None:
    if not 1 <= len(favourites) <= MAX_PARENTS:
        message = "there are {} recipes to resemble, and the limits are 1 and {}"
        raise ParameterError(message, "choose the ones that you like most", len(favourites), MAX_PARENTS)
    if not 0 <= variety <= 1:
        raise ParameterError("variety got {}, and its range is 0 to 1", "choose for example 0.5", variety)
    tools = [registry().tool(step.tool) for recipe in favourites for step in recipe.steps]
    known = {name for tool in tools for name in tool.parameters.model_fields}
    for name in locked:
        if name not in known:
            remedy = choices(name, known, f"`impasto tools {tools[0].name}`")
            raise ParameterError("no recipe has a parameter {} to be kept", remedy, excerpt(name))


def _kind(recipe: Recipe, library: ModelLibrary) -> list[tuple[str, str]]:
    """Tools and models of the steps. Recipes can be mixed if these are equal."""
    return [(step.tool, _model_of(step, library)) for step in recipe.steps]


def _model_of(step: Step, library: ModelLibrary) -> str:
    """Name of the model of a step; "" if its tool has none."""
    tool = registry().tool(step.tool)
    name = model_parameter(tool)
    return library.find(str(step.parameters.get(name, "")), tool.name).name if name else ""


def _child(
    lead: Recipe, mate: Recipe, rng: np.random.Generator, variety: float, locked: set[str], library: ModelLibrary
) -> Recipe:
    """A child of two recipes of one kind, or of one recipe twice."""
    crossover = Crossover(rng, variety, float(rng.random()), rng.standard_normal(3))
    fresh = int(rng.integers(MAX_SEED + 1))
    latent = _latent_of(lead, mate, crossover, fresh)
    steps = [_mix(*pair, crossover, locked, library) for pair in zip(lead.steps, mate.steps, strict=True)]
    seed = lead.seed
    if latent:
        own = {name: value for name, value in latent.items() if name not in locked}
        steps[0] = replace(steps[0], parameters={**steps[0].parameters, **own})
    elif variety and (lead is mate or rng.random() >= SAME_SEED):
        seed = fresh
    return Recipe(tuple(steps), seed, matched=_record(lead, mate))


def _latent_of(lead: Recipe, mate: Recipe, crossover: Crossover, fresh: int) -> Mapping[str, Any]:
    """Parameters that mix the latents of the first steps. A single parent is mixed with the latent of a fresh seed."""
    tool = registry().tool(lead.steps[0].tool)
    if not isinstance(tool, LatentGenerator):
        return {}
    if lead is mate:
        share, seed = LATENT_STEP * crossover.variety * crossover.rng.random(), fresh
    else:
        share, seed = crossover.share, mate.seed
    return tool.between_latents(lead.steps[0].parameters, mate.steps[0].parameters, share, seed)


def _mix(one: Step, other: Step, crossover: Crossover, locked: set[str], library: ModelLibrary) -> Step:
    """A step between two of the same tool and model; its inputs are those of the first."""
    tool = registry().tool(one.tool)
    first, second = (validate(tool, step.parameters).model_dump(mode="json") for step in (one, other))
    values: dict[str, Any] = {}
    for name, schema in properties_of(tool.parameters).items():
        if name in locked or name in SizeParameters.model_fields or schema.get("format") == "model":
            values[name] = first[name]
        elif schema.get("format") == "sliders":
            known = library.find(_model_of(one, library), tool.name).description()["sliders"]
            values[name] = crossover.sliders(known, first[name], second[name])
        else:
            values[name] = crossover.value(name, schema, first[name], second[name], name not in FIXED)
    return replace(one, parameters=values)


def _record(lead: Recipe, mate: Recipe) -> dict[str, str]:
    """Record of a child: the texts that its parents were made from."""
    texts = dict.fromkeys(text for text in (lead.matched.get("text"), mate.matched.get("text")) if text)
    return {"matcher": MORE_LIKE, **({"text": " + ".join(texts)[-MAX_TEXT:]} if texts else {})}


def _note(lead: Recipe, library: ModelLibrary) -> str:
    """A note for the case that some favourites cannot be mixed with the leading one."""
    step = lead.steps[0]
    what = _model_of(step, library) or registry().tool(step.tool).label
    return Message("materials of different tools or models are not mixed: this one resembles {}", what)


@dataclass(frozen=True)
class Crossover:
    """Draws the values of one child. variety: from 0, between the parents only, to 1.

    share: how far the child's colours lie from the first parent towards the second, from 0 to 1. shift (3,): standard
    normal, the mutation that all colours share.
    """

    rng: np.random.Generator
    variety: float
    share: float
    shift: np.ndarray

    def value(self, name: str, schema: Mapping[str, Any], one: Any, other: Any, mutates: bool = True) -> Any:
        """A value for a parameter with this schema. `one`, `other`: the parents' values, equal for a single parent."""
        kind = schema.get("type")
        if schema.get("format") == "color":
            return self._color(one, other)
        if kind == "number" or (kind == "integer" and not name.endswith(SEEDS)):
            value = self._number(name, schema, float(one), float(other), mutates)
            return round(value) if kind == "integer" else value
        if kind == "array" and one and len(one) == len(other):
            return [round(a + self.share * (b - a), 6) for a, b in zip(one, other, strict=True)]
        return one if self.rng.random() < 0.5 else other

    def sliders(
        self, known: Sequence[SliderDescription], one: Mapping[str, float], other: Mapping[str, float]
    ) -> dict[str, float]:
        """Values of all sliders of a model, which its card describes."""
        found = {}
        for about in known:
            name, default = about["name"], about["default"]
            schema = {"type": "number", "minimum": about["low"], "maximum": about["high"]}
            found[name] = self._number(name, schema, one.get(name, default), other.get(name, default), True)
        return found

    def _number(self, name: str, schema: Mapping[str, Any], one: float, other: float, mutates: bool) -> float:
        """A number within its limits. If both parents have the same limit, it stays: no moss remains no moss."""
        low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        beyond = BEYOND * self.variety
        share, draw = float(self.rng.uniform(-beyond, 1 + beyond)), self.variety * self.rng.standard_normal()
        if one == other and (one in (low, high) or not mutates):
            return one
        if name.endswith(LENGTHS) and min(one, other) > 0:
            middle = math.log(one) + share * math.log(other / one)
            value = math.exp(middle + (LENGTH_MUTATION * draw if mutates else 0.0))
        else:
            usual = [schema.get(f"soft_{key}", schema.get(key)) for key in ("minimum", "maximum")]
            reach = usual[1] - usual[0] if None not in usual else abs(one) + abs(other)
            value = one + share * (other - one) + (MUTATION * reach * draw if mutates else 0.0)
        return round(min(max(value, low), high), 5)

    def _color(self, one: Sequence[float], other: Sequence[float]) -> list[float]:
        """A colour, sRGB in [0, 1]."""
        first, second = to_oklab(np.array([one, other], np.float64))
        draw = ALIKE**0.5 * self.shift + (1 - ALIKE) ** 0.5 * self.rng.standard_normal(3)
        lab = first + self.share * (second - first) + self.variety * COLOR_MUTATION * draw
        return [round(float(channel), 6) for channel in from_oklab(lab[None])[0]]
