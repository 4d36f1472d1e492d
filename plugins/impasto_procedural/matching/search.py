"""A short search for parameters whose picture has the statistics of a photograph."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from impasto.surface.palette import Palette, transport

from ..material import Material
from .colors import fitted_colors, moved_colors
from .drawing import picture_of
from .features import COLOR_FEATURES, color_quantiles, features_of
from .space import Space, Values, space_of

RANDOM = 20
"""Number of random parameter sets tried for each material."""
RECOLORED, REFINED = 3, 2
"""Number of a material's best sets whose colours are fitted, and of all best materials that are refined."""
STEPS = (0.2, 0.1, 0.05)
"""Steps along the axes; each is tried once in both directions."""
COLOR_WEIGHT = 12.0
"""Weight of a difference of 1 in Oklab, relative to 1 deviation of the pattern's features."""
LARGEST = 3.0
"""Largest difference of a feature that counts, in deviations."""
DOUBT = 0.15
"""Distance added for each factor of e by which the classifier finds a material less probable."""
TURN_PENALTY = 1.08
"""Factor of the distance of a pattern that is perpendicular to the photograph's."""
LEAST_PROBABILITY = 1e-4

Progress = Callable[[float], None]
Part = tuple[float, float]
"""A part of the search: the share done before it, and its own share."""


@dataclass(frozen=True)
class MatchTarget:
    """A photograph in Oklab (3, S, S), and its features: upright, and turned by 90°."""

    lab: Tensor
    features: tuple[Tensor, Tensor]
    quantiles: Tensor
    palette: Palette

    @classmethod
    def of(cls, lab: Tensor) -> MatchTarget:
        """The target of a photograph in Oklab."""
        features = features_of(lab), features_of(lab.rot90(1, (1, 2)))
        return cls(lab, features, color_quantiles(lab), palette_of_lab(lab))


@dataclass(frozen=True)
class FoundMaterial:
    """Values of a material, and their distance to the photograph.

    is_turned: whether the pattern is perpendicular to the photograph's. doubt: distance added if improbable.
    """

    space: Space
    values: Values
    distance: float
    is_turned: bool = False
    doubt: float = 0.0


def _score(found: FoundMaterial) -> float:
    return found.distance + found.doubt


def palette_of_lab(lab: Tensor) -> Palette:
    """The palette of a picture (3, H, W) in Oklab."""
    colors = lab.flatten(1).double().numpy()
    return Palette(colors.mean(1), np.cov(colors))


class MaterialSearch:
    """Candidates for one photograph, drawn with one seed, and their distances to it.

    scale: deviation (F,) of features over photographs. progress: called with the share done, before each trial.
    """

    def __init__(self, target: MatchTarget, scale: Tensor, seed: int, progress: Progress = lambda _: None) -> None:
        self.target, self.seed, self.progress = target, seed, progress
        self._scale = scale[COLOR_FEATURES:]
        self._rng = np.random.default_rng(seed)
        self.trials = 0

    def best(self, materials: Mapping[Material, float], width_m: float | None = None) -> list[FoundMaterial]:
        """The best values of each material, best material first. materials: with their probabilities."""
        known = []
        for index, (material, probability) in enumerate(materials.items()):
            found = self._best_of_random(
                space_of(material, width_m), (0.5 * index / len(materials), 0.5 / len(materials))
            )
            known.append(replace(found, doubt=-DOUBT * math.log(max(probability, LEAST_PROBABILITY))))
        known.sort(key=_score)
        for index, found in enumerate(known[:REFINED]):
            better = self.refinement(found, (0.5 + 0.5 * index / REFINED, 0.5 / REFINED))
            known[index] = replace(better, doubt=found.doubt)
        return sorted(known, key=_score)

    def distance(self, space: Space, values: Values) -> FoundMaterial:
        """The material with these values, and its picture's distance."""
        self.trials += 1
        lab = picture_of(space.material, space.material.parameters.model_validate(values), self.seed)
        return self._comparison(space, values, lab)

    def _comparison(self, space: Space, values: Values, lab: Tensor) -> FoundMaterial:
        colors = float((color_quantiles(lab) - self.target.quantiles).abs().mean())
        features = features_of(lab)[COLOR_FEATURES:]
        upright, turned = (self._pattern(features - wanted[COLOR_FEATURES:]) for wanted in self.target.features)
        is_turned = upright > TURN_PENALTY * turned
        pattern = TURN_PENALTY * turned if is_turned else upright
        return FoundMaterial(space, values, pattern + COLOR_WEIGHT * colors, is_turned)

    def _pattern(self, difference: Tensor) -> float:
        """Root mean square of differences of features, in deviations."""
        return float((difference / self._scale).clamp(-LARGEST, LARGEST).square().mean().sqrt())

    def with_photograph_colors(self, space: Space, values: Values) -> FoundMaterial:
        """Values with the photograph's colours, and their approximate distance.

        The distance is that of the picture with the old colours, moved to the new palette, which saves a second
        drawing.
        """
        self.trials += 1
        seen = picture_of(space.material, space.material.parameters.model_validate(values), self.seed)
        move = transport(palette_of_lab(seen), self.target.palette)
        lab = torch.einsum("chw,cd->dhw", seen, torch.from_numpy(move.matrix).float())
        lab = lab + torch.from_numpy(move.offset).float()[:, None, None]
        return self._comparison(space, moved_colors(space, values, move), lab)

    def _best_of_random(self, space: Space, part: Part) -> FoundMaterial:
        """The best of random values, with the photograph's colours."""
        tried = []
        for index in range(RANDOM):
            self._progress(part, index / (RANDOM + RECOLORED))
            tried.append(self.with_photograph_colors(space, space.random(self._rng) if index else space.defaults))
        tried.sort(key=lambda found: found.distance)
        exact = []
        for index, found in enumerate(tried[:RECOLORED]):
            self._progress(part, (RANDOM + index) / (RANDOM + RECOLORED))
            exact.append(self.with_fitted_colors(self.distance(space, found.values)))
        return min(exact, key=lambda found: found.distance)

    def with_fitted_colors(self, found: FoundMaterial) -> FoundMaterial:
        """The same material with fitted colours, if these are nearer."""
        other = self.distance(found.space, fitted_colors(found.space, found.values, self.target.lab, self.seed))
        return min(found, other, key=lambda one: one.distance)

    def refinement(self, found: FoundMaterial, part: Part = (0.0, 1.0)) -> FoundMaterial:
        """The best after steps along all axes, then along those with a visible effect, and after trying the choices."""
        axes = list(found.space.axes)
        for sweep, step in enumerate(STEPS):
            showing = []
            for index, axis in enumerate(axes):
                self._progress(part, (sweep + index / len(axes)) / len(STEPS))
                better, shows = self._along(found, axis.name, step)
                found = better
                showing += [axis] if shows else []
            axes = showing
            if sweep == 0:
                found = self._best_choices(found)
            found = self.with_fitted_colors(found)
        return found

    def _along(self, found: FoundMaterial, name: str, step: float) -> tuple[FoundMaterial, bool]:
        """The better of a step up and a step down an axis, and whether these steps have a visible effect."""
        axis = next(axis for axis in found.space.axes if axis.name == name)
        place = axis.place(found.values[name])
        order = (step, -step) if place < 0.5 else (-step, step)
        shows = False
        for move in order:
            if not -1e-6 <= place + move <= 1 + 1e-6 and abs(place - min(max(place + move, 0), 1)) < 0.01:
                continue
            other = self.distance(found.space, {**found.values, name: axis.value(place + move)})
            shows = shows or other.distance != found.distance
            if other.distance < found.distance:
                return other, True
        return found, shows

    def _progress(self, part: Part, share: float) -> None:
        begins, length = part
        self.progress(begins + length * share)

    def _best_choices(self, found: FoundMaterial) -> FoundMaterial:
        """The best after trying the options of each choice, one choice after another."""
        for name, options in found.space.choices.items():
            others = [option for option in options if option != found.values[name]]
            tried = [self.distance(found.space, {**found.values, name: option}) for option in others]
            found = min([found, *tried], key=lambda one: one.distance)
        return found
