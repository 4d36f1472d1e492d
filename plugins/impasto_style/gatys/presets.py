"""The two recipes: as it is done today, from coarse to fine, and as it was first done, at one size."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from impasto.context import Context
from impasto.device import training_precision

from ..shared.encoder import Encoder
from ..shared.layers import TILE_PX
from ..shared.objective import Objective, Terms
from ..shared.optimise import Method, adam, lbfgs, pictures_adam
from ..shared.statistics import ClassicGram, GaussianMoments, GramMoments, Sliced, Statistic
from ..shared.task import Task, scales
from .parameters import GatysParameters

LEAST_PX = 91
"""Longer side of the first size; below it a network's coarsest layer sees next to nothing."""
STYLE_WEIGHTS = (256.0, 64.0, 16.0, 4.0, 1.0)
"""Of the layers, fine to coarse, before they are made to add up to 1; the defaults of crowsonkb 2021."""
CONTENT_WEIGHT, SMOOTHNESS = 0.015, 2.0
"""The defaults of crowsonkb 2021; `tests/benchmarks/style_reference.py` compares the results."""
FINE_LAYERS = 2
"""So many layers see the detail that `detail` is about."""
LEAST_DETAIL = 0.05
"""The least part of their weight that is left: they see colours as well."""
STEADY_RATE = 0.05
LARGE_PX = TILE_PX
"""A picture with a longer side may be seen in tiles."""
LARGE_RATE, LARGE_SHARE = 0.02, 1 / 3
"""There: the rate, and the share of the evaluations that is made: only the finest strokes are new."""

CLASSIC_CONTENT, CLASSIC_STYLE, CLASSIC_SMOOTHNESS = 1e3, 1e-2, 1e-4
CLASSIC_RATE, CLASSIC_BETAS, CLASSIC_EPSILON, CLASSIC_STEPS = 5.0, (0.99, 0.999), 0.1, 1000
"""Weights, rate and number of steps of TensorFlow's tutorial of 2018; for pixels in steps of 8 bits."""
LEVELS = 255.0
"""The classic recipe counts pixels in steps of 8 bits, with the mean subtracted."""
CAFFE_SCALE = 58.0
"""Its network's activations in parts of ours: ours take pixels in units of their deviation, 58 steps."""


class Modern:
    """Coarse to fine (crowsonkb 2021), by L-BFGS; large pictures by `PicturesAdam` in full precision.

    For these L-BFGS needs too much memory, and in less precision tiles would be rounded differently.
    """

    def __init__(self, encoder: Encoder, parameters: GatysParameters, context: Context, tile_px: int = TILE_PX) -> None:
        self.encoder, self.parameters, self.context, self.tile_px = encoder, parameters, context, tile_px
        self.quick = encoder.to(getattr(torch, training_precision(context.device)))

    def sizes(self, task: Task) -> list[int]:
        return scales(task, LEAST_PX)

    def evaluations(self, size_px: int) -> int:
        share = LARGE_SHARE if size_px > LARGE_PX else 1
        return max(1, round(share * self.parameters.iterations))

    def objective(self, task: Task) -> Objective:
        encoder = self.encoder if task.longest_px > LARGE_PX else self.quick
        return Objective(task, encoder, self.terms(task.seamless), self.context.check, self.tile_px)

    def terms(self, seamless: bool) -> Terms:
        """The terms of the loss."""
        content = CONTENT_WEIGHT * self.parameters.preservation / self.encoder.architecture.content_unit**2
        smoothness = partial(_differences, SMOOTHNESS * self.parameters.smoothness, seamless)
        return Terms(self._statistic(), self._style_weights(), content, smoothness)

    def method(self, size_px: int) -> Method:
        if size_px > LARGE_PX:
            return pictures_adam(LARGE_RATE)
        if self.parameters.optimizer == "adam" or self.parameters.statistics == "sliced":
            return pictures_adam(STEADY_RATE)
        return lbfgs()

    def _statistic(self) -> Statistic:
        if self.parameters.statistics == "sliced":
            return Sliced(self.context)
        return GramMoments() if self.parameters.statistics == "gram" else GaussianMoments()

    def _style_weights(self) -> dict[str, float]:
        """By layer, in units of its activations."""
        architecture = self.encoder.architecture
        weights = {}
        for index, layer in enumerate(architecture.style_layers):
            detail = max(self.parameters.detail, LEAST_DETAIL) if index < FINE_LAYERS else 1.0
            weights[layer] = detail * STYLE_WEIGHTS[index] / sum(STYLE_WEIGHTS) / architecture.style_units[index] ** 2
        return weights


class Classic:
    """Gram matrices at one size with Adam (Gatys et al. 2016), with the settings of the best-known implementation."""

    def __init__(self, encoder: Encoder, parameters: GatysParameters, context: Context, tile_px: int = TILE_PX) -> None:
        self.encoder, self.parameters, self.context, self.tile_px = encoder, parameters, context, tile_px

    def sizes(self, task: Task) -> list[int]:
        return [task.longest_px]

    def evaluations(self, size_px: int) -> int:
        return CLASSIC_STEPS

    def objective(self, task: Task) -> Objective:
        architecture = self.encoder.architecture
        pairs = zip(architecture.style_layers, architecture.style_units, strict=True)
        style = {layer: CLASSIC_STYLE / len(architecture.style_layers) / unit**4 for layer, unit in pairs}
        content = CLASSIC_CONTENT * (CAFFE_SCALE / architecture.content_unit) ** 2 * self.parameters.preservation
        terms = Terms(ClassicGram(CAFFE_SCALE), style, content, _classic_smoothness)
        return Objective(task, self.encoder, terms, self.context.check, self.tile_px)

    def method(self, size_px: int) -> Method:
        return adam(CLASSIC_RATE / LEVELS, CLASSIC_BETAS, CLASSIC_EPSILON * LEVELS)


def _differences(weight: float, seamless: bool, x: Tensor) -> Tensor:
    """The weighted mean over pixels (1, 3, H, W) of squared differences to the right and down."""
    if seamless:
        along_x, along_y = x.roll(-1, 3) - x, x.roll(-1, 2) - x
    else:
        along_x, along_y = x.diff(dim=3), x.diff(dim=2)
    return weight * (along_x.square().sum() + along_y.square().sum()) / x.numel()


def _classic_smoothness(x: Tensor) -> Tensor:
    """Total variation with the exponent 1.25, in steps of 8 bits."""
    along_x = LEVELS * (x[..., :-1, 1:] - x[..., :-1, :-1])
    along_y = LEVELS * (x[..., 1:, :-1] - x[..., :-1, :-1])
    return CLASSIC_SMOOTHNESS * (along_x.square() + along_y.square()).pow(1.25).sum()
