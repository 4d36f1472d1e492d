"""Features of pictures of any size, one tile in memory at a time, bit by bit as the whole would have them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from ..shared.encoder import Encoder

TILE_PX = 1024
"""A tile's sides, without what is seen around it; a picture up to this size is one tile."""
BLOCK_PX = 256
"""What is summed up over a picture is summed up in squares of this side first: tiles are made of whole ones."""


@dataclass(frozen=True)
class Span:
    """A tile along one axis, in pixels: from `start` to `end`; seen is from `low` to `high`. All of it may wrap."""

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
        rows, columns = (
            torch.arange(span.low, span.high, device=picture.device) % side
            for span, side in zip((self.rows, self.columns), picture.shape[2:], strict=True)
        )
        return picture[:, :, rows[:, None], columns]


@dataclass(frozen=True)
class Canvas:
    """A picture of a size (height, width), as layers of an encoder see it, tile by tile."""

    size: tuple[int, int]
    encoder: Encoder
    layers: tuple[str, ...]
    tile_px: int = TILE_PX

    @cached_property
    def tiles(self) -> list[Tile]:
        """Tiles that cover it, aligned to blocks or to the coarsest layer; one, without borders, where it is small."""
        unit = BLOCK_PX if self.tile_px >= BLOCK_PX else self._stride
        step = max(self.tile_px // unit, 1) * unit if self.halo_px else max(self.size)
        rows, columns = (
            [self._span(start, end, axis) for start, end in pairwise([*_starts(side, step), side])]
            for axis, side in enumerate(self.size)
        )
        return [Tile(row, column) for row in rows for column in columns]

    @cached_property
    def halo_px(self) -> int:
        """How far around a tile its features see, in whole positions of the coarsest layer; 0 for a single tile."""
        if max(self.size) <= self.tile_px:
            return 0
        reach_px = max(self.encoder.layers[layer].reach_px for layer in self.layers)
        return -(-reach_px // self._stride) * self._stride

    @property
    def _stride(self) -> int:
        return max(self.encoder.layers[layer].stride for layer in self.layers)

    def _span(self, start: int, end: int, axis: int) -> Span:
        start, low = (self._within(start - margin, axis) for margin in (0, self.halo_px))
        end, high = (self._within(end + margin, axis) for margin in (0, self.halo_px))
        return Span(start, end, low, high)

    def _within(self, place: int, axis: int) -> int:
        return place if self.encoder.padding == "circular" else min(max(place, 0), self.size[axis])

    def surroundings(self, tile: Tile) -> Tile:
        """The larger tile of all positions that see a pixel of this one."""
        rows, columns = (
            self._span(span.start - self.halo_px, span.end + self.halo_px, axis)
            for axis, span in enumerate((tile.rows, tile.columns))
        )
        return Tile(rows, columns)

    def grid(self, layer: str) -> tuple[int, int]:
        """(h, w) of a layer's features of the whole."""
        return self.encoder.grid(layer, self.size)

    def window(self, tile: Tile, layer: str) -> tuple[Tensor, Tensor]:
        """Which rows (h, 1) and columns (w,) of a layer's grid lie in a tile."""
        stride = self.encoder.layers[layer].stride
        places = []
        for span, side, length in zip((tile.rows, tile.columns), self.size, self.grid(layer), strict=True):
            stop = -(-span.end // stride) if span.end > side else min(-(-span.end // stride), length)
            places.append(torch.arange(span.start // stride, stop) % length)
        return places[0][:, None], places[1]

    def features(self, seen: Tensor, tile: Tile) -> dict[str, Tensor]:
        """By layer, the features (C, h, w) that lie in a tile, from what is seen of it (1, 3, H, W)."""
        found = {}
        for layer, features in self.encoder(seen, self.layers).items():
            stride = self.encoder.layers[layer].stride
            rows, columns = self.window(tile, layer)
            top, left = ((span.start - span.low) // stride for span in (tile.rows, tile.columns))
            found[layer] = features[0, :, top : top + len(rows), left : left + len(columns)]
        return found

    def find(self, tile: Tile, layer: str, places: Tensor) -> tuple[Tensor, Tensor]:
        """Where places (n,) of a layer's grid, counted row by row, lie in a tile: its positions (m,), and which (m,).

        A tile around which a picture wraps may hold a place more than once.
        """
        rows, columns = self.window(tile, layer)
        here, order = (rows * self.grid(layer)[1] + columns).flatten().to(places.device).sort()
        first, last = (torch.searchsorted(here, places, right=is_right) for is_right in (False, True))
        counts = last - first
        which = torch.arange(len(places), device=places.device).repeat_interleave(counts)
        among = torch.arange(len(which), device=places.device) - (counts.cumsum(0) - counts)[which]
        return order[first[which] + among], which


def _starts(side: int, step: int) -> list[int]:
    """Where tiles begin; what is left of a side and small is part of the last: it would be rounded in another way."""
    starts = list(range(0, side, step))
    return starts[:-1] if len(starts) > 1 and side - starts[-1] < step / 2 else starts
