"""Features of pictures of any size, and gradients of what is summed up from them, one tile in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..encoders import Encoder

TILE_PX = 1024
"""A tile's sides, without what is seen around it; a picture up to this size is one tile."""


@dataclass(frozen=True)
class Span:
    """A tile along one axis, in pixels: from `start` to `end`; seen is from `low` to `high`, which may wrap."""

    start: int
    end: int
    low: int
    high: int


@dataclass(frozen=True)
class Tile:
    """A part of a picture, and as much around it as its features see."""

    rows: Span
    columns: Span

    def of(self, picture: Tensor) -> Tensor:
        """What is seen of (1, C, H, W); a copy."""
        rows, columns = self._indices(picture)
        return picture[:, :, rows[:, None], columns]

    def add(self, gradient: Tensor, part: Tensor) -> None:
        """Add the gradient of what is seen to that of the whole (1, C, H, W)."""
        rows, columns = self._indices(gradient)
        places = rows[:, None] * gradient.shape[3] + columns
        gradient.view(gradient.shape[1], -1).index_add_(1, places.flatten(), part[0].flatten(1))

    def _indices(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Rows and columns of what is seen, around the borders of the picture."""
        rows, columns = (
            torch.arange(span.low, span.high, device=picture.device) % side
            for span, side in zip((self.rows, self.columns), picture.shape[2:], strict=True)
        )
        return rows, columns


@dataclass(frozen=True)
class Canvas:
    """A picture of a size (height, width), as layers of an encoder see it, tile by tile."""

    size: tuple[int, int]
    encoder: Encoder
    layers: tuple[str, ...]
    tile_px: int = TILE_PX

    @cached_property
    def tiles(self) -> list[Tile]:
        """Tiles that cover it, aligned to the coarsest layer; a single one, without borders, where it is small."""
        infos = [self.encoder.layers[layer] for layer in self.layers]
        stride, reach_px = max(info.stride for info in infos), max(info.reach_px for info in infos)
        if max(self.size) <= self.tile_px:
            step, halo = -(-max(self.size) // stride) * stride, 0
        else:
            step, halo = max(self.tile_px // stride, 1) * stride, -(-reach_px // stride) * stride
        rows, columns = (self._spans(side, step, halo) for side in self.size)
        return [Tile(row, column) for row in rows for column in columns]

    def _spans(self, side: int, step: int, halo: int) -> list[Span]:
        spans = []
        for start in range(0, side, step):
            end = min(start + step, side)
            low, high = start - halo, end + halo
            wraps = self.encoder.padding == "circular"
            spans.append(Span(start, end, low, high) if wraps else Span(start, end, max(low, 0), min(high, side)))
        return spans

    def grid(self, layer: str) -> tuple[int, int]:
        """(h, w) of a layer's features of the whole."""
        return self.encoder.grid(layer, self.size)

    def window(self, tile: Tile, layer: str) -> tuple[slice, slice]:
        """Rows and columns of a layer's grid that lie in a tile."""
        stride = self.encoder.layers[layer].stride
        rows, columns = (
            slice(span.start // stride, min(-(-span.end // stride), length))
            for span, length in zip((tile.rows, tile.columns), self.grid(layer), strict=True)
        )
        return rows, columns

    def features(self, seen: Tensor, tile: Tile) -> dict[str, Tensor]:
        """By layer, the features (C, h, w) that lie in a tile, from what is seen of it (1, 3, H, W)."""
        found = {}
        for layer, features in self.encoder(seen, self.layers).items():
            stride = self.encoder.layers[layer].stride
            rows, columns = self.window(tile, layer)
            top, left = tile.rows.low // stride, tile.columns.low // stride
            found[layer] = features[
                0, :, rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
            ]
        return found


Parts = list[Tensor]
"""What is summed up of one tile."""


def loss_and_gradient(
    x: Tensor,
    tiles: Sequence[Tile],
    parts_of: Callable[[Tensor, Tile], Parts],
    loss_of: Callable[[list[Parts]], Tensor],
) -> tuple[Tensor, Tensor]:
    """The loss of what is summed up of all tiles, and its gradient with respect to the picture (1, 3, H, W).

    The sums need two passes: the first makes them, the loss says how each should change, and the second, which holds
    the features of one tile at a time, passes that on to the pixels. A single tile needs one.
    """
    if len(tiles) == 1:
        x = x.detach().requires_grad_()
        loss = loss_of([parts_of(x, tiles[0])])
        return loss.detach(), torch.autograd.grad(loss, x)[0]
    with torch.no_grad():
        found = [parts_of(tile.of(x), tile) for tile in tiles]
    leaves = [[part.requires_grad_() for part in parts] for parts in found]
    loss = loss_of(leaves)
    loss.backward()
    gradient = torch.zeros_like(x)
    for tile, parts in zip(tiles, leaves, strict=True):
        seen = tile.of(x.detach()).requires_grad_()
        torch.autograd.backward(parts_of(seen, tile), [part.grad for part in parts])
        assert seen.grad is not None
        tile.add(gradient, seen.grad)
    return loss.detach(), gradient
