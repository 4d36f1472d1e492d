"""Repainting with a trained network: in tiles if the picture is large, and seamless if it tiles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import pad

from impasto.context import Context
from impasto.io.cards import NetworkCard
from impasto.library.networks import floats, network_of
from impasto.surface.palette import palette_of, transport
from impasto.texture import Maps
from impasto.tools import Inputs
from impasto.training.noise import NoiseField

from ..shared.controls import MASK, STYLE, StyleParameters
from ..shared.progress import WorkProgress
from ..shared.resampling import as_image, as_tensor, resize_picture
from ..shared.restyle import PREVIEW_PX, restyle
from ..shared.task import StyleTask
from ..shared.tiles import Tile, Tiling
from .network import STRIDE, TransformNetwork
from .parameters import SHARED, FastStyleParameters
from .preparing import in_palette, noise_input

TOOL = "fast-style"
STYLE_TENSOR = "style"
"""Name of the model's tensor with a small picture (3, h, w) of its style, which gives the palette."""
TILE_PX = 1024
Width = Annotated[int, Field(ge=1, le=256)]


def repaint(subject: Maps, parameters: FastStyleParameters, inputs: Inputs, context: Context) -> Maps:
    """Repaint the subject with a model. Raise ParameterError or ModelError if an input or the model cannot be used."""
    painter = load_painter(parameters.model, context)
    shared = {name: getattr(parameters, name) for name in SHARED}
    values = StyleParameters(**shared, strokes_px=painter.card.strokes_px, weight=(1.0,))
    style = Maps.from_arrays({"base_color": as_image(painter.style)}, name=painter.card.name)
    return restyle(painter.paint, subject, values, {STYLE: (style,), MASK: (inputs.get(MASK),)}, context)


@dataclass(frozen=True)
class FastPainter:
    """The network of a model, and the small picture (1, 3, h, w) of its style."""

    card: FastStyleCard
    network: TransformNetwork
    style: Tensor

    @torch.inference_mode()
    def paint(self, task: StyleTask, parameters: StyleParameters, context: Context, tile_px: int = TILE_PX) -> Tensor:
        """Repaint the task's picture: (1, 3, H, W) in [0, 1]; if stopped early, the painting so far."""
        size = (task.picture.shape[2], task.picture.shape[3])
        x = on_grid(in_palette(task.picture, self.style, task.seamless), task.seamless)
        painted = self._painting(x, task.seamless, context, tile_px)
        painted = resize_picture(painted, size, True) if task.seamless else painted[..., : size[0], : size[1]]
        if parameters.color != "style":  # the task's style already has the requested colours
            wanted, own = (palette_of(as_image(style)) for style in (task.sources[1], self.style))
            painted = as_tensor(transport(own, wanted).of(as_image(painted)), context.device)
        return task.picture.lerp(painted, parameters.strength)

    def _painting(self, x: Tensor, seamless: bool, context: Context, tile_px: int) -> Tensor:
        """Repaint x (1, 3, H, W), with sides of whole strides, tile by tile, with the same result as in one piece."""
        size = (x.shape[2], x.shape[3])
        field = NoiseField(int(context.rng.integers(2**31)), context.device)
        noise = context.across_seams(noise_input(size, lambda channel, *cells: field.normal(channel, 1, cells)[None]))
        is_single = max(size) <= tile_px
        tiling = Tiling(
            size, tile_px, self.network.reach_px, seamless, STRIDE, STRIDE, has_halo_if_single=not is_single
        )
        progress = WorkProgress(context, [len(tiling.tiles)])
        progress.begin("Painting")
        result, step = x.clone(), max(1, max(size) // PREVIEW_PX)
        for tile in tiling.tiles:
            seen = tile.with_halo(x).contiguous(memory_format=torch.channels_last)
            painting = self.network(seen, _around(tile).on_grid(noise, STRIDE), seamless and is_single)
            tile.put(result, tile.inner(painting).clamp(0, 1))
            progress.advance(1)
            if len(tiling.tiles) > 1:  # otherwise nothing is left to do
                context.preview(Maps.from_arrays({"base_color": as_image(result[..., ::step, ::step])}))
            if context.is_stopped():
                break
        return result


def load_painter(model: str, context: Context) -> FastPainter:
    """The painter from a model by name, "" for the first. Raise ModelError if there is none, or if it does not fit."""
    stated, tensors = context.load_model(model, TOOL)
    card = FastStyleCard.of(stated)
    style = floats(tensors, STYLE_TENSOR, (3, None, None), card.name)
    weights = {name: array for name, array in tensors.items() if name != STYLE_TENSOR}
    network = network_of(lambda: TransformNetwork(*card.widths), weights, card.name, TOOL)
    network.to(context.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return FastPainter(card, network, style[None].clamp(0, 1).to(context.device))


class FastStyleCard(NetworkCard):
    """Sizes of the network. widths: channels at the full, half and quarter resolution.

    strokes_px: longer side of the style in the training, in pixels; strokes keep the size that they had there.
    """

    widths: Annotated[list[Width], Field(min_length=3, max_length=3)]
    strokes_px: Annotated[int, Field(ge=8, le=16384)]


def on_grid(x: Tensor, seamless: bool) -> Tensor:
    """x (B, 3, H, W) with sides of whole strides: resized if it tiles, else with its edge repeated."""
    height, width = (-(-side // STRIDE) * STRIDE for side in x.shape[2:])
    if (height, width) == tuple(x.shape[2:]):
        return x
    if seamless:
        return resize_picture(x, (height, width), True)
    return pad(x, (0, width - x.shape[3], 0, height - x.shape[2]), mode="replicate")


def _around(tile: Tile) -> Tile:
    """The tile and its halo, as a tile without one."""
    rows, columns = (replace(span, start=span.low, end=span.high) for span in (tile.rows, tile.columns))
    return replace(tile, rows=rows, columns=columns)
