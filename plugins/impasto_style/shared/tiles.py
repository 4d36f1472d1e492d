"""Tiles of a picture, which limit memory. A tile has a halo: the pixels around it that its features see.

Features of a tile equal those of the whole picture, up to rounding: the halo is cropped after encoding or decoding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor


@dataclass(frozen=True)
class Span:
    """A tile along one axis, in pixels: from `start` to `end`, with its halo from `low` to `high`.

    In a seamless picture, all of these may be outside the borders.
    """

    start: int
    end: int
    low: int
    high: int


@dataclass(frozen=True)
class Tile:
    """A rectangle of a picture. Outside, a seamless picture repeats, and other pictures repeat their edge."""

    rows: Span
    columns: Span
    seamless: bool = False

    def with_halo(self, picture: Tensor) -> Tensor:
        """The tile and its halo (B, C, h, w) of a picture (B, C, H, W); a view if they lie within the borders."""
        rows = _extended_slice(picture, self.rows.low, self.rows.high, 2, self.seamless)
        return _extended_slice(rows, self.columns.low, self.columns.high, 3, self.seamless)

    def inner(self, x: Tensor, stride: int = 1) -> Tensor:
        """Values of the tile, from those of the tile and its halo (..., h, w), on a grid of this stride."""
        return self.inside(self, x, stride)

    def inside(self, outer: Tile, x: Tensor, stride: int = 1) -> Tensor:
        """Values of this tile, from those of a larger tile and its halo (..., h, w), on a grid of this stride."""
        rows, columns = (
            slice((span.start - around.low) // stride, -(-(span.end - around.low) // stride))
            for span, around in ((self.rows, outer.rows), (self.columns, outer.columns))
        )
        return x[..., rows, columns]

    def without_halo(self) -> Tile:
        """The tile with an empty halo."""
        rows, columns = (replace(span, low=span.start, high=span.end) for span in (self.rows, self.columns))
        return replace(self, rows=rows, columns=columns)

    def on_grid(self, values: Tensor, stride: int = 1) -> Tensor:
        """The tile's part of the picture's values (..., H / stride, W / stride); a view if within the borders."""
        rows = _extended_slice(
            values, self.rows.start // stride, self.rows.end // stride, values.dim() - 2, self.seamless
        )
        return _extended_slice(
            rows, self.columns.start // stride, self.columns.end // stride, values.dim() - 1, self.seamless
        )

    def put(self, picture: Tensor, x: Tensor) -> None:
        """Write x (B, C, h, w) into a picture (B, C, H, W) as this tile, which must be within the borders."""
        picture[..., self.rows.start : self.rows.end, self.columns.start : self.columns.end] = x


@dataclass(frozen=True)
class Tiling:
    """Tiles of a picture of `size` (height, width), of nearly equal sides up to `tile_px`.

    halo_px: reach of features to each side. alignment_px: unit of the starts of tiles and of `halo_px`. multiple_px:
    unit of the sides of tiles with their halos; the edge is repeated if necessary. has_halo_if_single: keep the halo
    along an axis with a single tile, for networks without circular padding.
    """

    size: tuple[int, int]
    tile_px: int
    halo_px: int = 0
    seamless: bool = False
    alignment_px: int = 1
    multiple_px: int = 1
    has_halo_if_single: bool = False

    @cached_property
    def cuts(self) -> tuple[list[int], list[int]]:
        """Borders between tiles along rows and columns, from 0 to the length."""
        rows, columns = (_cuts(length, self.tile_px, self.alignment_px) for length in self.size)
        return rows, columns

    @cached_property
    def tiles(self) -> list[Tile]:
        """Tiles that cover the picture once."""
        rows, columns = (
            [self._span(start, end, axis) for start, end in pairwise(cuts)] for axis, cuts in enumerate(self.cuts)
        )
        return [Tile(row, column, self.seamless) for row in rows for column in columns]

    def around(self, tile: Tile) -> Tile:
        """The larger tile of all positions that see a pixel of this tile."""
        rows, columns = (
            self._span(*self._with_halo(span.start, span.end, axis), axis)
            for axis, span in enumerate((tile.rows, tile.columns))
        )
        return Tile(rows, columns, self.seamless)

    def _span(self, start: int, end: int, axis: int) -> Span:
        low, high = self._with_halo(start, end, axis)
        return Span(start, end, low, low + math.ceil((high - low) / self.multiple_px) * self.multiple_px)

    def _with_halo(self, start: int, end: int, axis: int) -> tuple[int, int]:
        """[start, end) along an axis, widened by `halo_px`."""
        halo_px = 0 if len(self.cuts[axis]) == 2 and not self.has_halo_if_single else self.halo_px
        if self.seamless:
            return start - halo_px, end + halo_px
        return max(start - halo_px, 0), min(end + halo_px, self.size[axis])


def _cuts(length: int, most: int, unit: int) -> list[int]:
    """Borders of about equal tiles, because rounding would differ in a much smaller last tile."""
    count = math.ceil(length / most)
    return [*(round(length * index / count / unit) * unit for index in range(count)), length]


def _extended_slice(x: Tensor, low: int, high: int, axis: int, seamless: bool) -> Tensor:
    """x from `low` to `high` along an axis, also outside the borders."""
    length = x.shape[axis]
    if low >= 0 and high <= length:
        return x.narrow(axis, low, high - low)
    places = torch.arange(low, high, device=x.device)
    return x.index_select(axis, places % length if seamless else places.clamp(0, length - 1))
