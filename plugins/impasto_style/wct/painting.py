"""Style transfer that gives features, level by level, the mean and covariance of the sources' features.

Universal style transfer (Li et al. 2017), with four changes: a decoder's reconstruction error is added back; large
pictures are painted at increasing sizes; faint noise turns flat areas into strokes; colours are matched at the end.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from impasto.context import Context
from impasto.device import training_precision

from ..shared.progress import WorkProgress
from ..shared.resampling import resized_linear
from ..shared.task import StyleTask, scales
from .coders import Coder, load_coders
from .painter import FINE, WctPainter
from .parameters import WctParameters

LEAST_FEATURES = 24
"""Least longer side of the first size, in the coarsest features; sizes double up to the picture's own."""
GRID_PX = 16
"""Stride of the coarsest features."""
TILE_PX = 768
"""Twice the least side, so that the first size, painted by the level with the largest reach, is a single tile."""


@torch.inference_mode()
def paint(task: StyleTask, parameters: WctParameters, context: Context, tile_px: int = TILE_PX) -> Tensor:
    """Repaint the task's picture: (1, 3, H, W) in [0, 1]; if stopped early, the painting so far.

    Statistics are global, so that tiles of any multiple of `GRID_PX` give the same picture.
    """
    context.progress(0.0, "Loading the weights")
    coders = load_coders(parameters.backbone, context)
    precision = getattr(torch, training_precision(context.device))
    quick = {level: coder.to(precision) for level, coder in coders.items()}
    plan = _plan(task, parameters, coders)
    progress = WorkProgress(context, [sum(size**2 * level for level in levels) for size, levels in plan])
    x = seen = task.picture
    for index, (size, levels) in enumerate(plan):
        part = _on_grid(task if size == task.longest_px else task.at_longest_px(size))
        x = enlarge(x, seen, part.picture, task.seamless) if index else _beginning(part, parameters)
        seen = part.picture
        progress.begin("Painting at {} px", size)
        # Rounding differs between tiles and whitening amplifies it, so lower precision is used only for a single tile.
        used = quick if size <= TILE_PX else coders
        x = WctPainter(part, parameters, context, progress, tile_px).painting(x, [used[level] for level in levels])
        if context.is_stopped():
            break
    return enlarge(x, seen, task.picture, task.seamless).float()


def _plan(task: StyleTask, parameters: WctParameters, coders: Mapping[int, Coder]) -> list[tuple[int, tuple[int, ...]]]:
    """Longer side and levels of each size. From the second size on, the coarsest level is left out.

    The next level then sees as much as the coarsest one did at half the size.
    """
    levels = tuple(level for level in coders if level > FINE or parameters.detail > 0)
    sizes = scales(task, LEAST_FEATURES * max(coder.stride for coder in coders.values()), 2)
    return [(size, levels[1:] if index or task.start_px else levels) for index, size in enumerate(sizes)]


def _on_grid(task: StyleTask) -> StyleTask:
    """The task with sides of whole `GRID_PX` if it tiles, so that the poolings' grids meet at the borders."""
    size = [-(-side // GRID_PX) * GRID_PX for side in task.picture.shape[2:]]
    if not task.seamless or size == list(task.picture.shape[2:]):
        return task
    return task.at_size(size)


def _beginning(task: StyleTask, parameters: WctParameters) -> Tensor:
    """The start, float16. Noise is mixed with the picture, to keep its shapes."""
    start = task.start
    if parameters.start_from == "noise" and not task.start_px:
        start = torch.lerp(start, task.picture, parameters.preservation / (1 + parameters.preservation))
    return start.half()


def enlarge(x: Tensor, seen: Tensor, picture: Tensor, seamless: bool) -> Tensor:
    """The painting x of `seen`, enlarged to the size of `picture`, with the picture's finer detail.

    It is float16 and computed channel by channel, since pictures may be large.
    """
    if seen is picture:
        return x
    result = torch.empty_like(picture, dtype=torch.half)
    for channel in range(x.shape[1]):
        change = resized_linear(x[:, [channel]].float() - seen[:, [channel]], picture.shape[2:], seamless)
        result[:, [channel]] = change.add_(picture[:, [channel]]).clamp_(0, 1).half()
    return result
