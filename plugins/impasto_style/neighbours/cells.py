"""What a network sees in each cell of a picture, a square of 4 px: its features, those of fine layers side by side.

So every pixel has its say in what is matched and painted; features that are sampled once a cell leave a mesh between.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import pad, pixel_unshuffle

from ..shared.encoder import Encoder
from ..shared.resampling import resized, resized_linear

CELL_PX = 4
ALIGNMENT_PX = 8
"""Sides of pictures are multiples of it: the stride of the coarsest layer."""
TILE_PX = 256
"""A large picture is looked at in tiles of at most this side."""
MIDDLE = 0.5
"""Pixels count from middle grey."""


@dataclass(frozen=True)
class Tile:
    """Part of a picture, in pixels from its corner: [top, bottom) x [left, right); beyond its borders it wraps."""

    top: int
    bottom: int
    left: int
    right: int

    def of_cells(self, values: Tensor) -> Tensor:
        """Its part of values of cells (..., H / 4, W / 4): a view of them where it does not wrap."""
        (top, bottom), (left, right) = (
            (start // CELL_PX, stop // CELL_PX) for start, stop in ((self.top, self.bottom), (self.left, self.right))
        )
        height, width = values.shape[-2:]
        if min(top, left) >= 0 and bottom <= height and right <= width:
            return values[..., top:bottom, left:right]
        rows, columns = torch.arange(top, bottom) % height, torch.arange(left, right) % width
        return values[..., rows[:, None], columns]


class Eye:
    """Sees pictures cell by cell: their pixels, then the layers of a network up to the first of stride 8.

    is_seamless: pictures tile. Larger ones than `tile_px` are looked at in tiles with a margin, which changes nothing.
    """

    def __init__(self, encoder: Encoder, is_seamless: bool = False, tile_px: int = TILE_PX) -> None:
        self.encoder, self.is_seamless, self.tile_px = encoder, is_seamless, tile_px
        self.names = []
        for name, info in encoder.layers.items():
            self.names.append(name)
            if info.stride >= ALIGNMENT_PX:
                break
        self.strides = (1, *(encoder.layers[name].stride for name in self.names))
        self.channels = (3, *(encoder.layers[name].channels for name in self.names))
        last = encoder.layers[self.names[-1]]
        self.margin_px = math.ceil((last.reach_px + last.stride) / ALIGNMENT_PX) * ALIGNMENT_PX

    def for_styles(self) -> Eye:
        """One that sees pictures with borders."""
        return Eye(self.encoder.with_padding("reflect"), False, self.tile_px) if self.is_seamless else self

    def __call__(self, x: Tensor) -> list[Tensor]:
        """Features (D, H / 4, W / 4) of the cells of (1, 3, H, W), for the pixels and for each layer."""
        found = self.encoder(x, self.names)
        features = [x - MIDDLE, *(found[name].float() for name in self.names)]
        size = (x.shape[2] // CELL_PX, x.shape[3] // CELL_PX)
        return [
            _in_cells(layer, stride, size, self.is_seamless)
            for layer, stride in zip(features, self.strides, strict=True)
        ]

    def tiles(self, size: Sequence[int]) -> Iterator[Tile]:
        """Tiles that cover a picture of (height, width) once."""
        for top, bottom in _parts(size[0], self.tile_px):
            for left, right in _parts(size[1], self.tile_px):
                yield Tile(top, bottom, left, right)

    def around(self, tile: Tile, size: Sequence[int]) -> Tile:
        """The larger tile of all cells that see a pixel of this one."""
        spans = [(tile.top, tile.bottom), (tile.left, tile.right)]
        for axis, (start, stop) in enumerate(spans):
            if stop - start < size[axis]:
                start, stop = start - self.margin_px, stop + self.margin_px
                spans[axis] = (start, stop) if self.is_seamless else (max(start, 0), min(stop, size[axis]))
        return Tile(*spans[0], *spans[1])

    def look(self, x: Tensor, tile: Tile) -> list[Tensor]:
        """Features (D, h / 4, w / 4) of the cells of a tile of (1, 3, H, W)."""
        return self.cells(*self.seen(x, tile), tile)

    def seen(self, x: Tensor, tile: Tile) -> tuple[Tensor, int, int]:
        """What is looked at for a tile of (1, 3, H, W), and how many pixels of it are above and before the tile."""
        rows, above = self._seen(tile.top, tile.bottom, x.shape[2])
        columns, before = self._seen(tile.left, tile.right, x.shape[3])
        is_all = (tile.bottom - tile.top, tile.right - tile.left) == tuple(x.shape[2:])
        return x if is_all else x[:, :, rows][..., columns], above, before

    def cells(self, part: Tensor, above: int, before: int, tile: Tile) -> list[Tensor]:
        """Features (D, h / 4, w / 4) of the cells of a tile, of what is `seen` of it."""
        rows = slice(above // CELL_PX, (above + tile.bottom - tile.top) // CELL_PX)
        columns = slice(before // CELL_PX, (before + tile.right - tile.left) // CELL_PX)
        return [layer[:, rows, columns] for layer in self(part)]

    def _seen(self, start: int, stop: int, length: int) -> tuple[Tensor, int]:
        """Which of `length` rows are looked at for those of a tile, and how many of them are before it."""
        if stop - start == length:
            return torch.arange(length), 0
        first, last = start - self.margin_px, stop + self.margin_px
        if self.is_seamless:
            return torch.arange(first, last) % length, self.margin_px
        first, last = max(first, 0), min(last, length)
        return torch.arange(first, last), start - first


def aligned(x: Tensor, seamless: bool) -> Tensor:
    """(B, C, H, W) with sides that are multiples of `ALIGNMENT_PX`: resized where it tiles, else with mirrored margins.

    These are at least `ALIGNMENT_PX` wide, so that cells that are shifted by less still cover all of the picture.
    """
    height, width = (math.ceil(side / ALIGNMENT_PX) * ALIGNMENT_PX for side in x.shape[2:])
    if seamless:
        return resized_linear(x, (height, width), seamless)
    right, bottom = width - x.shape[3] + ALIGNMENT_PX, height - x.shape[2] + ALIGNMENT_PX
    return pad(x, (ALIGNMENT_PX, right, ALIGNMENT_PX, bottom), mode="reflect")


def unaligned(x: Tensor, size: Sequence[int], seamless: bool) -> Tensor:
    """What was aligned, in its own (height, width) again."""
    if seamless:
        return resized(x, size, seamless)
    return x[..., ALIGNMENT_PX : ALIGNMENT_PX + size[0], ALIGNMENT_PX : ALIGNMENT_PX + size[1]]


def pooled(features: Tensor, stride: int) -> Tensor:
    """Features (D, …) of the cells by a layer of this stride as their means (C, …)."""
    side = max(CELL_PX // stride, 1)
    return features.unflatten(0, (-1, side * side)).mean(1)


def _in_cells(features: Tensor, stride: int, size: tuple[int, int], is_seamless: bool) -> Tensor:
    """Features (1, C, h, w) of a layer as (D, *size): those within a cell side by side, coarser ones in between."""
    if stride < CELL_PX:
        return pixel_unshuffle(features, CELL_PX // stride)[0]
    if stride > CELL_PX:
        return resized_linear(features, size, is_seamless)[0]
    return features[0]


def _parts(length: int, most: int) -> list[tuple[int, int]]:
    """[start, stop) of about equal parts of a length, aligned and no longer than `most`."""
    count = math.ceil(length / most)
    edges = [round(length * index / count / ALIGNMENT_PX) * ALIGNMENT_PX for index in range(count)] + [length]
    return list(pairwise(edges))
