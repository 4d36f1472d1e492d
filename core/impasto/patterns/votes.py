"""One picture from overlapping patches: their grid, and votes by iteratively reweighted least squares.

Votes keep strokes sharp. They follow Kwatra et al. 2005 ("Texture optimization") and Elad & Milanfar 2017, but use a
power at which few patches dominate, and a window that favours the centre of each patch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..numerics.borders import with_margin
from .library import SIDE, STRIDE, PatchPixels

ROUNDS = 2
POWER = -2.0
"""Exponent that turns a patch's mean squared difference from the picture into its weight in the next round."""
LEAST_DIFFERENCE = 3e-4
WINDOW = 1.5
"""Standard deviation of the window, in pixels of the size used for matching."""

Tick = Callable[[], None]


def patch_weights(pieces: PatchPixels, grid: PatchGrid, tick: Tick, rounds: int = ROUNDS) -> Tensor:
    """Weights of the patches (patches,)."""
    weights = torch.ones(len(pieces.corner), device=pieces.pixels.device)
    for _ in range(rounds):
        picture = blend(pieces, weights, grid, tick)
        weights = (_differences(pieces, picture, grid, tick) + LEAST_DIFFERENCE) ** POWER
        weights = weights / weights.mean()
    return weights


def blend(pieces: PatchPixels, weights: Tensor, grid: PatchGrid, tick: Tick) -> Tensor:
    """The weighted mean (1, 3, H, W) of the overlapping patches."""
    device = weights.device
    total, norm = torch.zeros(*grid.canvas, 3, device=device), torch.zeros(*grid.canvas, 1, device=device)
    weights = weights.view(*grid.shape, 1)
    for y, x, place, factor in _window(grid, tick):
        total[place].addcmul_(weights, pieces.at(y, x).view(*grid.shape, 3), value=factor)
        norm[place].add_(weights, alpha=factor)
    return (grid.fold(total) / grid.fold(norm)).permute(2, 0, 1)[None]


def _differences(pieces: PatchPixels, picture: Tensor, grid: PatchGrid, tick: Tick) -> Tensor:
    """Mean squared difference of each patch from the picture, under the window (patches,)."""
    canvas = grid.on_canvas(picture)[0].permute(1, 2, 0).contiguous()
    found, total = torch.zeros(*grid.shape, device=canvas.device), 0.0
    for y, x, place, factor in _window(grid, tick):
        found += factor * (canvas[place] - pieces.at(y, x).view(*grid.shape, 3)).square_().mean(-1)
        total += factor
    return found.flatten() / total


def _window(grid: PatchGrid, tick: Tick) -> Iterator[tuple[int, int, tuple[slice, slice], float]]:
    """Each pixel (y, x) of a patch, its positions on the canvas for all patches, and the value of the window."""
    rows, columns = grid.shape
    centre, deviation = (grid.side - 1) / 2, WINDOW * grid.factor
    for y in range(grid.side):
        tick()
        for x in range(grid.side):
            place = (
                slice(y, y + (rows - 1) * grid.stride + 1, grid.stride),
                slice(x, x + (columns - 1) * grid.stride + 1, grid.stride),
            )
            factor = math.exp(-((y - centre) ** 2 + (x - centre) ** 2) / (2 * deviation**2))
            yield y, x, place, factor


@dataclass(frozen=True)
class PatchGrid:
    """Patches over a picture of height x width; all lengths are `factor` times those for matching.

    Patches wrap around the borders of a seamless picture. Any other gets a mirrored margin, so that borders are covered
    as often as the rest.
    """

    height: int
    width: int
    seamless: bool
    factor: int = 1

    @property
    def side(self) -> int:
        """Pixels of a patch's side."""
        return SIDE * self.factor

    @property
    def stride(self) -> int:
        """Pixels from one patch to the next."""
        return STRIDE * self.factor

    @property
    def margin(self) -> int:
        """Pixels from the first patch's corner to the picture's."""
        return 0 if self.seamless else (SIDE - 1) * self.factor

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return -(-(self.height + self.margin) // self.stride), -(-(self.width + self.margin) // self.stride)

    @cached_property
    def canvas(self) -> tuple[int, int]:
        """Height and width of the area that patches cover."""
        rows, columns = self.shape
        return (rows - 1) * self.stride + self.side, (columns - 1) * self.stride + self.side

    def at_scale(self, factor: int) -> PatchGrid:
        """The same patches on a picture enlarged by a factor."""
        return PatchGrid(self.height * factor, self.width * factor, self.seamless, factor)

    def on_canvas(self, x: Tensor) -> Tensor:
        """x (B, C, H, W), extended to the area that patches cover."""
        below, right = self.canvas[0] - self.margin - self.height, self.canvas[1] - self.margin - self.width
        return with_margin(x, ((self.margin, below), (self.margin, right)), self.seamless)

    def at_centres(self, x: Tensor) -> Tensor:
        """Values (patches, C) of x (1, C, H, W) at the centres of patches."""
        rows, columns = self.shape
        centre = self.side // 2
        picked = self.on_canvas(x)[0, :, centre :: self.stride, centre :: self.stride][:, :rows, :columns]
        return picked.flatten(1).T

    def from_centres(self, values: Tensor) -> Tensor:
        """A picture (1, C, H, W) with values (patches, C) at the centres of patches, and 0 elsewhere."""
        rows, columns = self.shape
        centre = self.side // 2
        canvas = values.new_zeros(*self.canvas, values.shape[1])
        canvas[centre :: self.stride, centre :: self.stride][:rows, :columns] = values.view(rows, columns, -1)
        return self.fold(canvas).permute(2, 0, 1)[None]

    def fold(self, canvas: Tensor) -> Tensor:
        """Sums on the canvas (h, w, C), folded onto the picture (H, W, C) if it is seamless, else cropped to it."""
        top, left = self.margin, self.margin
        folded = canvas[top : top + self.height, left : left + self.width]
        if not self.seamless:
            return folded
        below, right = self.canvas[0] - self.height, self.canvas[1] - self.width
        rows = canvas.clone()
        rows[:below] += canvas[self.height :]
        folded = rows[: self.height, : self.width].clone()
        folded[:, :right] += rows[: self.height, self.width :]
        return folded
