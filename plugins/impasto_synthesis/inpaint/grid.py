"""Flat indices of a picture's pixels, with a margin all round so that windows never leave the array."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

RADIUS_PX = 2
"""Windows are of 5 x 5 pixels, on every level of the pyramid."""


@dataclass(frozen=True)
class Grid:
    """Pixels (h, w), of which P = (h + 4) (w + 4) with the margin; wraps: whether it is periodic (y, x)."""

    size: tuple[int, int]
    wraps: tuple[bool, bool]
    device: torch.device

    @property
    def stride(self) -> int:
        """Difference between the indices of a pixel and the one below."""
        return self.size[1] + 2 * RADIUS_PX

    @cached_property
    def offsets(self) -> Tensor:
        """Differences (25,) between the indices of a window's pixels and its centre."""
        reach = torch.arange(-RADIUS_PX, RADIUS_PX + 1, device=self.device)
        return (reach[:, None] * self.stride + reach).flatten()

    def index(self, y: Tensor, x: Tensor) -> Tensor:
        """Indices of pixels, which may lie in the margin."""
        return (y + RADIUS_PX) * self.stride + x + RADIUS_PX

    def position(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """(y, x) of indices."""
        rows = torch.div(index, self.stride, rounding_mode="floor")
        return rows - RADIUS_PX, index - rows * self.stride - RADIUS_PX

    def lines(self, axis: int) -> Tensor:
        """The row or column that each one shows, those of the margin included: around the torus, or the outermost."""
        length = self.size[axis]
        line = torch.arange(-RADIUS_PX, length + RADIUS_PX, device=self.device)
        return line % length if self.wraps[axis] else line.clamp(0, length - 1)

    def padded(self, image: Tensor) -> Tensor:
        """Pixels (P, ...) of an image (h, w, ...), with its margin."""
        return image.index_select(0, self.lines(0)).index_select(1, self.lines(1)).flatten(0, 1)

    def image(self, pixels: Tensor) -> Tensor:
        """Image (h, w, ...) of pixels (P, ...), without its margin."""
        shape = self.size[0] + 2 * RADIUS_PX, self.stride, *pixels.shape[1:]
        return pixels.view(shape)[RADIUS_PX:-RADIUS_PX, RADIUS_PX:-RADIUS_PX]

    @cached_property
    def shown(self) -> Tensor:
        """Index (P,) of the pixel that each one shows: its own, except in the margin."""
        return self.index(self.lines(0)[:, None], self.lines(1)).flatten()

    @cached_property
    def margin(self) -> Tensor:
        """Indices (M,) of the margin."""
        (height, width), reach = self.size, RADIUS_PX
        is_margin = torch.ones(height + 2 * reach, width + 2 * reach, dtype=torch.bool, device=self.device)
        is_margin[reach:-reach, reach:-reach] = False
        return is_margin.flatten().nonzero()[:, 0]

    def brought_inside(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Positions around the torus, or the nearest inside."""
        inside = [
            position % length if wraps else position.clamp(0, length - 1)
            for position, length, wraps in zip((y, x), self.size, self.wraps, strict=True)
        ]
        return inside[0], inside[1]

    def with_margin(self, pixels: Tensor) -> Tensor:
        """Pixels (P,) whose margin is brought up to date, in place."""
        pixels[self.margin] = pixels[self.shown[self.margin]]
        return pixels

    def is_inside(self) -> Tensor:
        """Whether pixels (P,) belong to the picture: all but the margin where it does not wrap."""
        lines = []
        for length, wraps in zip(self.size, self.wraps, strict=True):
            line = torch.arange(-RADIUS_PX, length + RADIUS_PX, device=self.device)
            lines.append(torch.full_like(line, wraps, dtype=torch.bool) | ((line >= 0) & (line < length)))
        return (lines[0][:, None] & lines[1]).flatten()


def dilated(mask: Tensor, reach_px: int = RADIUS_PX) -> Tensor:
    """Mask (H, W) of everything within a square of `reach_px` around a mask."""
    for axis in (0, 1):
        length, found = mask.shape[axis], mask.clone()
        for step in range(1, min(reach_px, length - 1) + 1):
            found.narrow(axis, step, length - step).logical_or_(mask.narrow(axis, 0, length - step))
            found.narrow(axis, 0, length - step).logical_or_(mask.narrow(axis, step, length - step))
        mask = found
    return mask
