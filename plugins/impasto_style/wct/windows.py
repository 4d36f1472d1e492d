"""Windows onto a picture, each a tile and what its pixels see around it, so that tiles come out as the whole would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Span:
    """One axis of a window: its tile, and the indices (n,) of all the picture's pixels in it, from `before` tile on."""

    tile: slice
    indices: Tensor
    halo: int

    @property
    def inner(self) -> slice:
        """Where the tile lies within the window."""
        return slice(self.halo, self.halo + self.tile.stop - self.tile.start)

    def features(self, stride: int) -> slice:
        """Where the tile's features lie within the window's; the last may reach over the picture's border."""
        return slice(self.halo // stride, -(-self.inner.stop // stride))


@dataclass(frozen=True)
class Window:
    """A tile of a picture with a halo around it."""

    rows: Span
    columns: Span

    def of(self, x: Tensor) -> Tensor:
        """All of the window (B, C, h, w) out of a picture (B, C, H, W)."""
        if (len(self.rows.indices), len(self.columns.indices)) == x.shape[2:] and not self.rows.halo:
            return x
        return x.index_select(2, self.rows.indices.to(x.device)).index_select(3, self.columns.indices.to(x.device))

    def inner(self, x: Tensor) -> Tensor:
        """The tile alone, out of a window (B, C, h, w)."""
        return x[:, :, self.rows.inner, self.columns.inner]

    def features(self, F: Tensor, stride: int) -> Tensor:
        """The tile's features, out of a window's (B, C, h, w)."""
        return F[:, :, self.rows.features(stride), self.columns.features(stride)]

    def put(self, picture: Tensor, tile: Tensor) -> None:
        """Write the tile into a picture (B, C, H, W)."""
        picture[:, :, self.rows.tile, self.columns.tile] = tile


def windows(size: Sequence[int], tile_px: int, halo_px: int, stride: int, wraps: bool) -> list[Window]:
    """Windows whose tiles cover (height, width), and whose sides are whole strides, as tile_px and halo_px must be.

    wraps: beyond a border is the opposite one; else windows end there, but for the rest of a stride.
    """
    rows, columns = (list(_spans(length, tile_px, halo_px, stride, wraps)) for length in size)
    return [Window(row, column) for row in rows for column in columns]


def _spans(length: int, tile_px: int, halo_px: int, stride: int, wraps: bool) -> Iterator[Span]:
    for begin in range(0, length, tile_px):
        end = min(begin + tile_px, length)
        low, high = begin - halo_px, end + halo_px
        if not wraps:
            low, high = max(low, 0), min(high, length)
        indices = torch.arange(low, low + -(-(high - low) // stride) * stride)
        yield Span(slice(begin, end), indices % length if wraps else indices.clamp_max(length - 1), begin - low)
