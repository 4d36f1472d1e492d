"""Style transfer (Gatys et al. 2016): optimises pixels until the statistics of their features match the styles'.

A texture is made in the same way, but without content and from noise (Gatys et al. 2015). There are two presets: a
modern method, from coarse to fine, and the original method, at a single size.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from impasto.context import Context
from impasto.device import training_precision
from impasto.texture import Maps

from ..shared.architectures import CAFFE_SCALE, load_encoder
from ..shared.encoder import TILE_PX, Encoder
from ..shared.inputs import read_color
from ..shared.noise import noise_start
from ..shared.objective import StyleObjective, Terms, squared_differences, style_weights
from ..shared.optimise import Descent, Method, adam, lbfgs, paint_from_coarse, picture_adam
from ..shared.progress import WorkProgress
from ..shared.resampling import LEAST_PX, as_image, as_tensor
from ..shared.statistics import ClassicGram, GaussianMoments, GramMoments, Sliced, Statistic
from ..shared.task import Region, StyleTask, scales
from .parameters import CnnTextureParameters, FeatureParameters, GatysParameters

OPAQUE = 0.5
FIRST_PX = 91
"""Longer side of the first size. Smaller pictures have too few features in a network's coarsest layer."""
CONTENT_WEIGHT, SMOOTHNESS = 0.015, 2.0
"""Defaults of crowsonkb 2021."""
FINE_LAYERS = 2
"""Number of fine layers whose weight the parameter `detail` scales."""
LEAST_DETAIL = 0.05
"""Least factor of the weight of fine layers, because these layers also carry the colours."""
STEADY_RATE = 0.05
LARGE_PX = TILE_PX
"""Longer side above which a picture may be processed in tiles."""
LARGE_RATE, LARGE_SHARE = 0.02, 1 / 3
"""Learning rate and share of the evaluations for larger pictures, in which only the finest strokes are new."""

CLASSIC_CONTENT, CLASSIC_STYLE, CLASSIC_SMOOTHNESS = 1e3, 1e-2, 1e-4
CLASSIC_RATE, CLASSIC_BETAS, CLASSIC_EPSILON, CLASSIC_STEPS = 5.0, (0.99, 0.999), 0.1, 1000
"""Weights, rate and number of steps of TensorFlow's tutorial of 2018; for pixels from 0 to 255."""
LEVELS = 255.0
"""Range of the classic preset's pixels, whose mean is subtracted."""


def paint(task: StyleTask, parameters: GatysParameters, context: Context, tile_px: int = TILE_PX) -> Tensor:
    """Repaint the task's picture: (1, 3, H, W) in [0, 1]. Pictures larger than `tile_px` are processed in tiles."""
    encoder = load_encoder(parameters.backbone, context, task.seamless, parameters.pooling)
    preset = (Classic if parameters.preset == "classic" else Modern)(encoder, parameters, context, tile_px)

    def paint_at(x: Tensor, scaled: StyleTask, progress: WorkProgress) -> Tensor:
        size_px = scaled.longest_px

        def watch(loss: float) -> bool:
            progress.advance(size_px**2, ", loss {:.4g}", loss)
            return not progress.context.is_stopped()

        count = preset.evaluations(size_px)
        descent = Descent(
            x, preset.method(size_px), count, watch, join=lambda tensors: context.across_seams(tensors[0])
        )
        descent.run(preset.objective(scaled))
        return descent.best

    work = {size_px: preset.evaluations(size_px) * size_px**2 for size_px in preset.sizes(task)}
    return paint_from_coarse(task, context, work, paint_at)


def generate_texture(subject: Maps, parameters: CnnTextureParameters, context: Context) -> Maps:
    """Make a base colour of the requested size whose features have the same statistics as the subject's."""
    height, width = (max(side, LEAST_PX) for side in parameters.size_px(subject))
    source = as_tensor(read_color(subject, OPAQUE), context.device)
    empty, regions = torch.zeros(1, 3, height, width, device=context.device), (Region(None, (0.0, 1.0)),)
    start = noise_start(empty, (empty, source), regions, context)
    task = StyleTask(start, (start, source), regions, start, seamless=parameters.seamless)
    shared = {name: getattr(parameters, name) for name in FeatureParameters.model_fields}
    image = as_image(paint(task, GatysParameters(preservation=0, **shared), context))
    width_m = subject.width_m and subject.width_m * width / subject.size_px[1]
    plain = replace(subject, textures={}, width_m=width_m, height_range_m=None)
    return plain.with_arrays({"base_color": image[: parameters.size_px(subject)[0], : parameters.size_px(subject)[1]]})


class Modern:
    """Coarse to fine (crowsonkb 2021), with L-BFGS, or for large pictures with `PictureAdam` in full precision.

    L-BFGS needs too much memory for large pictures, and a lower precision would round tiles differently.
    """

    def __init__(self, encoder: Encoder, parameters: GatysParameters, context: Context, tile_px: int = TILE_PX) -> None:
        self.encoder, self.parameters, self.context, self.tile_px = encoder, parameters, context, tile_px
        self.quick = encoder.to(getattr(torch, training_precision(context.device)))

    def sizes(self, task: StyleTask) -> list[int]:
        return scales(task, FIRST_PX)

    def evaluations(self, size_px: int) -> int:
        share = LARGE_SHARE if size_px > LARGE_PX else 1
        return max(1, round(share * self.parameters.iterations))

    def objective(self, task: StyleTask) -> StyleObjective:
        encoder = self.encoder if task.longest_px > LARGE_PX else self.quick
        return StyleObjective(task, encoder, self.terms(task.seamless), self.context.check, self.tile_px)

    def terms(self, seamless: bool) -> Terms:
        """The terms of the loss."""
        content = CONTENT_WEIGHT * self.parameters.preservation / self.encoder.architecture.content_scale**2
        smoothness = partial(squared_differences, SMOOTHNESS * self.parameters.smoothness, seamless)
        return Terms(self._statistic(), self._style_weights(), {self.encoder.content_layer: content}, smoothness)

    def method(self, size_px: int) -> Method:
        if size_px > LARGE_PX:
            return picture_adam(LARGE_RATE)
        if self.parameters.optimizer == "adam" or self.parameters.statistics == "sliced":
            return picture_adam(STEADY_RATE)
        return lbfgs()

    def _statistic(self) -> Statistic:
        if self.parameters.statistics == "sliced":
            return Sliced(self.context)
        return GramMoments() if self.parameters.statistics == "gram" else GaussianMoments()

    def _style_weights(self) -> dict[str, float]:
        """Weight of each style layer; fine layers are scaled by the parameter `detail`."""
        weights, detail = style_weights(self.encoder), max(self.parameters.detail, LEAST_DETAIL)
        return weights | {layer: detail * weights[layer] for layer in self.encoder.style_layers[:FINE_LAYERS]}


class Classic:
    """Gram matrices at one size with Adam (Gatys et al. 2016), with the settings of a well-known implementation."""

    def __init__(self, encoder: Encoder, parameters: GatysParameters, context: Context, tile_px: int = TILE_PX) -> None:
        self.encoder, self.parameters, self.context, self.tile_px = encoder, parameters, context, tile_px

    def sizes(self, task: StyleTask) -> list[int]:
        return [task.longest_px]

    def evaluations(self, size_px: int) -> int:
        return CLASSIC_STEPS

    def objective(self, task: StyleTask) -> StyleObjective:
        architecture = self.encoder.architecture
        pairs = zip(architecture.style_layers, architecture.style_scales, strict=True)
        style = {layer: CLASSIC_STYLE / len(architecture.style_layers) / unit**4 for layer, unit in pairs}
        content = CLASSIC_CONTENT * (CAFFE_SCALE / architecture.content_scale) ** 2 * self.parameters.preservation
        terms = Terms(ClassicGram(CAFFE_SCALE), style, {self.encoder.content_layer: content}, _classic_smoothness)
        return StyleObjective(task, self.encoder, terms, self.context.check, self.tile_px)

    def method(self, size_px: int) -> Method:
        return adam(CLASSIC_RATE / LEVELS, CLASSIC_BETAS, CLASSIC_EPSILON * LEVELS)


def _classic_smoothness(x: Tensor) -> Tensor:
    """Total variation with exponent 1.25, for pixels from 0 to 255."""
    along_x = LEVELS * (x[..., :-1, 1:] - x[..., :-1, :-1])
    along_y = LEVELS * (x[..., 1:, :-1] - x[..., :-1, :-1])
    return CLASSIC_SMOOTHNESS * (along_x.square() + along_y.square()).pow(1.25).sum()
