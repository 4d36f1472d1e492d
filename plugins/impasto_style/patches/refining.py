"""Refinement of a mosaic of patches: optimises its pixels so that statistics of their features match the styles'.

As in Gatys et al. 2016, but with means and covariances of the bundled encoder's features, and in a few evaluations.
Patches have laid the strokes; features join them where they overlap, and bring back the picture's forms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from impasto.context import Context

from ..shared.architectures import load_encoder
from ..shared.controls import BUNDLED
from ..shared.objective import StyleObjective, Terms, squared_differences, style_weights
from ..shared.optimise import Descent, lbfgs
from ..shared.statistics import GaussianMoments
from ..shared.task import Region, StyleTask

STEPS = 5
"""Evaluations of the loss. More of them add grain and do not improve the scores."""
FIRST_STEP = 3e-3
"""Largest mean change of a pixel in the first step. L-BFGS cannot know that length; its own would be a hundredth."""
CONTENT_LAYER, CONTENT_WEIGHT = "relu2_2", 0.5
"""Layer whose features keep the forms, and its weight. It is finer than usual, since eyes are small."""
SMOOTHNESS = 10.0
"""Weight of squared differences of neighbouring pixels; without it, the encoder leaves grain."""


def refine(
    x: Tensor, leading: Tensor, task: StyleTask, preservation: float, context: Context, tick: Callable[[], None]
) -> Tensor:
    """Refine a mosaic x (1, 3, H, W) so that its features match the task's styles, which are its only sources.

    leading: the picture (1, 3, H, W) whose forms are kept. tick: called after each evaluation.
    """
    encoder = load_encoder(BUNDLED, context, task.seamless)
    content = {CONTENT_LAYER: CONTENT_WEIGHT * preservation / encoder.architecture.content_scale**2}
    smoothness = partial(squared_differences, SMOOTHNESS, task.seamless)
    terms = Terms(GaussianMoments(), style_weights(encoder), content, smoothness)
    objective = StyleObjective(_with_picture(task, leading), encoder, terms, context.check)
    axes = FIRST_STEP * x.numel() * _color_axes(task.sources)

    def watch(loss: float) -> bool:
        tick()
        return not context.is_stopped()

    def picture_of(changes: Sequence[Tensor]) -> Tensor:
        return context.across_seams(x + torch.einsum("ij,bjhw->bihw", axes, changes[0]))

    descent = Descent(x, lbfgs(), STEPS, watch, lambda x: [torch.zeros_like(x)], picture_of)
    descent.run(objective)
    return descent.best


def _color_axes(styles: Sequence[Tensor]) -> Tensor:
    """Root (3, 3) of the covariance of the styles' colours, at most 1. With these axes a grey style stays grey."""
    covariance = torch.cat([style[0].flatten(1) for style in styles], 1).cov()
    values, vectors = torch.linalg.eigh(covariance.cpu())  # not every device can do this
    root = (vectors * (values.clamp_min(0) / values.max().clamp_min(1e-6)).sqrt()) @ vectors.T
    return root.to(covariance.device)


def _with_picture(task: StyleTask, picture: Tensor) -> StyleTask:
    """The task for another picture. It becomes the first source, as objectives expect, but with weight 0."""
    regions = [Region(one.mask, (0.0, *(weight / sum(one.weights) for weight in one.weights))) for one in task.regions]
    return replace(task, picture=picture, sources=(picture, *task.sources), regions=tuple(regions))
