"""Style transfer by nearest neighbours (NNST, Kolkin et al. 2022), coarse to fine.

Departures from the paper: a cell is a square of 4 px that holds its pixels and the features of each of them. The loss
compares angles and lengths of features, and the means and covariances of features. Cells that match everywhere are
penalised. The picture takes part in every match, in the colours of the style instead of centred.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import ceil

import torch
from torch import Tensor
from torch.optim import Adam

from impasto.context import Context
from impasto.device import training_precision

from ..shared.architectures import load_encoder
from ..shared.color.regions import in_mixed_colors
from ..shared.optimise import Descent, Method, paint_from_coarse
from ..shared.progress import WorkProgress
from ..shared.resampling import resized_linear
from ..shared.task import StyleTask, scales
from .cells import ALIGNMENT_PX, TILE_PX, CellEncoder, align, unalign
from .parameters import NeighboursParameters
from .targets import Targets

LEAST_PX, RATIO = 96, 2.0
"""Least longer side of the first size, because smaller pictures lose shapes; ratio of each size to the one before."""
JOINT_SHARE = 0.2
"""Share of the steps with one match for all layers. Later, the layers of each stride have their own match."""
REFRESH_STEPS, LEAST_MATCHES = 20, 5
"""Most steps between two matches, and smallest number of matches. Each match shifts the cells, so no grid shows."""
RATE, LAST_SHARE = 2e-2, 0.02
"""Learning rate of the first step, and the share of it at the last step. A higher share leaves noise in pixels."""
EPSILON = 5e-2
"""Adam's epsilon: gradients are about 1 per pixel, and far smaller ones are rounding errors."""
METHOD = Method(
    partial(Adam, betas=(0.9, 0.99), eps=EPSILON),
    RATE,
    lambda done, count: 1 - (1 - LAST_SHARE) * done / count,
    bound="free",  # levels of the pyramid have any sign, and the result is clamped
)
LARGE_PX = 512
"""Longer side above which pictures are processed in tiles, at full precision."""
LEAST_LEVEL_PX = 8
"""Least shorter side of the coarsest level of the Laplacian pyramid. The side is less than twice as long."""


def paint(task: StyleTask, parameters: NeighboursParameters, context: Context, tile_px: int = TILE_PX) -> Tensor:
    """Repaint the task's picture: (1, 3, H, W). Large pictures are processed in tiles of `tile_px` a side."""
    encoder = load_encoder(parameters.backbone, context, task.seamless)
    low_precision = encoder.to(getattr(torch, training_precision(context.device)))
    sizes = scales(task, LEAST_PX, RATIO)

    def paint_at(x: Tensor, scaled: StyleTask, progress: WorkProgress) -> Tensor:
        is_first_size = scaled.longest_px == sizes[0] and task.start_px == 0
        # Rounding differs between tiles, so lower precision is used only for a single tile.
        is_single_tile = scaled.longest_px <= LARGE_PX
        chosen = (low_precision, LARGE_PX + 2 * ALIGNMENT_PX) if is_single_tile else (encoder, tile_px)
        return _paint_at_size(x, scaled, CellEncoder(*chosen), is_first_size, parameters, progress)

    return paint_from_coarse(task, context, {size: parameters.steps * size**2 for size in sizes}, paint_at)


def _paint_at_size(
    x: Tensor,
    task: StyleTask,
    cells: CellEncoder,
    is_first_size: bool,
    parameters: NeighboursParameters,
    progress: WorkProgress,
) -> Tensor:
    """Repaint x (1, 3, H, W): first with one match for all layers, then with a match for the layers of each stride.

    Queries are a mix of the painting and the picture, half and half by default. The first are the picture alone.
    """
    usual_share = parameters.preservation / (parameters.preservation + 1)
    picture_share = 1.0 if is_first_size else usual_share
    task = task.with_picture(align(task.picture, task.seamless), partial(align, seamless=task.seamless))
    targets = Targets(task, cells, parameters, progress)
    start = in_mixed_colors(align(x, task.seamless), task)
    work = max(x.shape[2:]) ** 2

    def watch(loss: float) -> bool:
        progress.advance(work, ", in smaller steps" if descent.restarts else "")
        return not progress.context.is_stopped()

    descent = Descent(
        start,
        METHOD,
        parameters.steps,
        watch,
        partial(laplacian_levels, seamless=task.seamless),
        lambda levels: progress.context.across_seams(picture_of_levels(levels, task.seamless)),
    )
    count, has_more = min(REFRESH_STEPS, ceil(parameters.steps / LEAST_MATCHES)), True
    while has_more:
        is_split = descent.done >= JOINT_SHARE * parameters.steps
        down, right = progress.context.rng.integers(0, ALIGNMENT_PX, 2).tolist()
        targets.match(descent.picture, picture_share, (down, right), is_split)
        has_more = descent.run(targets, count)
        picture_share = usual_share
    painted = in_mixed_colors(descent.picture.clamp(0, 1), task)
    return unalign(painted, x.shape[2:], task.seamless)


def laplacian_levels(x: Tensor, seamless: bool) -> list[Tensor]:
    """Laplacian pyramid of a picture (1, 3, H, W), so that the optimiser's step changes coarse and fine shapes alike.

    Levels are fine to coarse, each about half as large; the last is the low-pass residual (Burt & Adelson 1983).
    seamless: whether the picture is a seamless texture. All levels are then seamless as well.
    """
    levels = []
    while min(x.shape[2:]) >= 2 * LEAST_LEVEL_PX:
        smaller = resized_linear(x, [side // 2 for side in x.shape[2:]], seamless)
        levels.append(x - resized_linear(smaller, x.shape[2:], seamless))
        x = smaller
    return [*levels, x]


def picture_of_levels(levels: Sequence[Tensor], seamless: bool) -> Tensor:
    """The picture (1, 3, H, W) from its levels; inverse of `laplacian_levels`."""
    x = levels[-1]
    for level in levels[-2::-1]:
        x = level + resized_linear(x, level.shape[2:], seamless)
    return x
