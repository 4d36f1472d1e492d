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

from ..encoders import Encoder
from ..task import resized, resized_linear

CELL_PX = 4
ALIGNMENT_PX = 8
"""Sides of pictures are multiples of it: the stride of the coarsest layer."""
TILE_PX = 512
"""A larger picture is looked at in tiles of at most this side."""
MIDDLE = 0.5
"""Pixels count from middle grey."""


@dataclass(frozen=True)
class Tile:
    """Part of a picture, in pixels from its corner: [top, bottom) x [left, right)."""

    top: int
    bottom: int
    left: int
    right: int

    def of_cells(self, values: Tensor) -> Tensor:
        """Its part of values of cells (..., H / 4, W / 4)."""
        rows = slice(self.top // CELL_PX, self.bottom // CELL_PX)
        return values[..., rows, self.left // CELL_PX : self.right // CELL_PX]


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
        features = [x - MIDDLE, *(found[name] for name in self.names)]
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

    def look(self, x: Tensor, tile: Tile) -> list[Tensor]:
        """Features (D, h / 4, w / 4) of the cells of a tile of (1, 3, H, W)."""
        rows, above = self._seen(tile.top, tile.bottom, x.shape[2])
        columns, before = self._seen(tile.left, tile.right, x.shape[3])
        size_px = tile.bottom - tile.top, tile.right - tile.left
        part = x if size_px == tuple(x.shape[2:]) else x[:, :, rows][..., columns]
        height, width = (side // CELL_PX for side in size_px)
        return [layer[:, above : above + height, before : before + width] for layer in self(part)]

    def _seen(self, start: int, stop: int, length: int) -> tuple[Tensor, int]:
        """Which of `length` rows are looked at for those of a tile, and how many cells of them are margin before it."""
        if stop - start == length:
            return torch.arange(length), 0
        first, last = start - self.margin_px, stop + self.margin_px
        if self.is_seamless:
            return torch.arange(first, last) % length, self.margin_px // CELL_PX
        first, last = max(first, 0), min(last, length)
        return torch.arange(first, last), (start - first) // CELL_PX


def aligned(x: Tensor, seamless: bool) -> Tensor:
    """(B, C, H, W) with sides that are multiples of `ALIGNMENT_PX`: mirrored at the end, or resized where it tiles."""
    height, width = (math.ceil(side / ALIGNMENT_PX) * ALIGNMENT_PX for side in x.shape[2:])
    if seamless:
        return resized_linear(x, (height, width), seamless)
    return pad(x, (0, width - x.shape[3], 0, height - x.shape[2]), mode="reflect")


def unaligned(x: Tensor, size: Sequence[int], seamless: bool) -> Tensor:
    """What was aligned, in its own (height, width) again."""
    return resized(x, size, seamless) if seamless else x[..., : size[0], : size[1]]


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
