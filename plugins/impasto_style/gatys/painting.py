"""Style transfer by optimisation (Gatys et al. 2016): pixels are changed until the statistics of their features fit."""

from __future__ import annotations

from functools import partial

from torch import Tensor

from impasto.context import Context
from impasto.texture import Maps

from ..shared.architectures import load_encoder
from ..shared.layers import TILE_PX
from ..shared.optimise import Descent
from ..shared.progress import WorkProgress
from ..shared.resampling import as_image, resize_picture
from ..shared.task import Task
from .parameters import GatysParameters
from .presets import Classic, Modern


def paint(task: Task, parameters: GatysParameters, context: Context, tile_px: int = TILE_PX) -> Tensor:
    """The task's picture, repainted: (1, 3, H, W) within [0, 1]. Sides above `tile_px` are processed in tiles."""
    encoder = load_encoder(parameters.backbone, context, task.seamless, parameters.pooling)
    preset = (Classic if parameters.preset == "classic" else Modern)(encoder, parameters, context, tile_px)
    sizes = preset.sizes(task)
    progress = WorkProgress(context, [preset.evaluations(size_px) * size_px**2 for size_px in sizes])
    x = task.start
    for size_px in sizes:
        progress.begin(f"Painting at {size_px} px")
        scaled = task.at_longest_px(size_px)
        watch = partial(_watch, progress, size_px**2)
        descent = Descent(
            _fit(x, scaled),
            preset.method(size_px),
            preset.evaluations(size_px),
            watch,
            join=lambda tensors: context.across_seams(tensors[0]),
        )
        descent.run(preset.objective(scaled))
        x = descent.best
        context.preview(Maps.from_arrays({"base_color": as_image(x)}))
        if context.is_stopped():
            break
    return _fit(x, task)


def _fit(x: Tensor, task: Task) -> Tensor:
    """x (1, 3, h, w), resized to the task's picture."""
    return resize_picture(x, task.picture.shape[2:], task.seamless)


def _watch(progress: WorkProgress, work: float, loss: float) -> bool:
    """Report an evaluation; return whether to continue."""
    progress.advance(work, f", loss {loss:.4g}")
    return not progress.context.is_stopped()
