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
from torch.nn.functional import pad

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
    total = grid.planes(torch.zeros(*grid.canvas, 4, device=weights.device))
    weights = weights.view(*grid.shape, 1).repeat(1, 1, 4)
    for y, x, factor in _window(grid, tick):
        grid.seen(total, y, x).addcmul_(weights, pieces.at(y, x).view_as(weights), value=factor)
    sums = grid.fold(total)
    return (sums[..., :3] / sums[..., 3:]).permute(2, 0, 1)[None]


def _differences(pieces: PatchPixels, picture: Tensor, grid: PatchGrid, tick: Tick) -> Tensor:
    """Mean squared difference of each patch from the picture, under the window (patches,)."""
    planes = grid.planes(grid.on_canvas(pad(picture, (0, 0, 0, 0, 0, 1), value=1))[0].permute(1, 2, 0))
    found, total = torch.zeros(*grid.shape, 4, device=picture.device), 0.0
    for y, x, factor in _window(grid, tick):
        difference = grid.seen(planes, y, x) - pieces.at(y, x).view_as(found)
        found.addcmul_(difference, difference, value=factor)
        total += factor
    return found.sum(-1).flatten() / (3 * total)


def _window(grid: PatchGrid, tick: Tick) -> Iterator[tuple[int, int, float]]:
    """Each pixel (y, x) of a patch, and the value of the window there."""
    centre, deviation = (grid.side - 1) / 2, WINDOW * grid.factor
    for y in range(grid.side):
        tick()
        for x in range(grid.side):
            yield y, x, math.exp(-((y - centre) ** 2 + (x - centre) ** 2) / (2 * deviation**2))


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

    def planes(self, canvas: Tensor) -> Tensor:
        """The pixels (stride, stride, ·, ·, C) of a canvas (h, w, C), by their place between the corners of patches.

        What patches have at one of their pixels is then nearly contiguous, so that sums are several times as fast.
        """
        below, right = (-side % self.stride for side in canvas.shape[:2])
        squares = pad(canvas, (0, 0, 0, right, 0, below)).unflatten(1, (-1, self.stride))
        return squares.unflatten(0, (-1, self.stride)).permute(1, 3, 0, 2, 4).contiguous()

    def seen(self, planes: Tensor, y: int, x: int) -> Tensor:
        """Values (rows, columns, C) at an offset (y, x) from the corners of all patches, a view of planes."""
        (rows, columns), top, left = self.shape, y // self.stride, x // self.stride
        return planes[y % self.stride, x % self.stride, top : top + rows, left : left + columns]

    def at_centres(self, x: Tensor) -> Tensor:
        """Values (patches, C) of x (1, C, H, W) at the centres of patches."""
        planes, centre = self.planes(self.on_canvas(x)[0].permute(1, 2, 0)), self.side // 2
        return self.seen(planes, centre, centre).flatten(0, 1)

    def from_centres(self, values: Tensor) -> Tensor:
        """A picture (1, C, H, W) with values (patches, C) at the centres of patches, and 0 elsewhere."""
        planes, centre = self.planes(values.new_zeros(*self.canvas, values.shape[1])), self.side // 2
        self.seen(planes, centre, centre).copy_(values.view(*self.shape, -1))
        return self.fold(planes).permute(2, 0, 1)[None]

    def fold(self, planes: Tensor) -> Tensor:
        """Sums on the canvas, folded onto the picture (H, W, C) if it is seamless, else cropped to it."""
        canvas = planes.permute(2, 0, 3, 1, 4).flatten(2, 3).flatten(0, 1)
        if not self.seamless:
            return canvas[self.margin :, self.margin :][: self.height, : self.width]
        canvas[: canvas.shape[0] - self.height] += canvas[self.height :]
        canvas[:, : canvas.shape[1] - self.width] += canvas[:, self.width :]
        return canvas[: self.height, : self.width]
