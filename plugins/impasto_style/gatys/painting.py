"""Style transfer by optimisation (Gatys et al. 2016): pixels are changed until the statistics of their features fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from impasto.context import Context
from impasto.texture import Maps

from ..shared.architectures import load_encoder
from ..shared.layers import TILE_PX
from ..shared.resampling import as_image, resized
from ..shared.task import Task
from .descent import Walk, descend
from .presets import Classic, Modern, Preset

if TYPE_CHECKING:
    from . import GatysParameters


def paint(task: Task, parameters: GatysParameters, context: Context, tile_px: int = TILE_PX) -> Tensor:
    """The task's picture, repainted: (1, 3, H, W) within [0, 1]. More than `tile_px` a side is looked at in tiles."""
    encoder = load_encoder(
        "" if parameters.backbone == "auto" else parameters.backbone,
        context,
        seamless=task.seamless,
        pooling=parameters.pooling,
    )
    preset = (Classic if parameters.preset == "classic" else Modern)(encoder, parameters, context, tile_px)
    report = _Report(preset, task, context)
    x = task.start
    for size_px in report.sizes:
        scaled = task.scaled(size_px)
        count = report.begin(size_px)
        walk = Walk(preset.objective(scaled), _fitted(x, scaled), count, report.watch)
        x = descend(preset.way(size_px), walk)
        context.preview(Maps.from_arrays({"base_color": as_image(x)}))
        if context.is_stopped():
            break
    return _fitted(x, task)


def _fitted(x: Tensor, task: Task) -> Tensor:
    return resized(x, task.picture.shape[2:], task.seamless)


class _Report:
    """Tells the context how far the whole is, by pixels that were looked at."""

    def __init__(self, preset: Preset, task: Task, context: Context) -> None:
        self.preset, self.context = preset, context
        self.sizes = preset.sizes(task)
        self.work = sum(preset.evaluations(size) * size**2 for size in self.sizes)
        self.done, self.size_px = 0, self.sizes[0]

    def begin(self, size_px: int) -> int:
        """Evaluations at the next size."""
        self.size_px = size_px
        self.before = sum(self.preset.evaluations(size) * size**2 for size in self.sizes[: self.sizes.index(size_px)])
        self.done = 0
        self._tell("")
        return self.preset.evaluations(size_px)

    def watch(self, loss: float) -> bool:
        """Told a loss; whether to go on."""
        self.done += 1
        self._tell(f", loss {loss:.4g}")
        return not self.context.is_stopped()

    def _tell(self, loss: str) -> None:
        fraction = (self.before + self.done * self.size_px**2) / self.work
        self.context.progress(fraction, f"Painting at {self.size_px} px{loss}")
