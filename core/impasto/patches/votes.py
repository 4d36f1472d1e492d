"""Votes: overlapping patches become one picture by iteratively reweighted least squares, which keeps strokes sharp.

As in Kwatra et al. 2005 ("Texture optimization") and Elad & Milanfar 2017, but with a power at which few patches
dominate, and with a window that favours the centre of each patch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from .field import PatchGrid
from .library import PatchPixels

ROUNDS = 2
POWER = -2.0
"""Exponent that turns a patch's mean squared difference from the picture into its weight in the next round."""
LEAST_DIFFERENCE = 3e-4
WINDOW = 1.5
"""Standard deviation of the window, in pixels of the size used for matching."""

Tick = Callable[[], None]


def patch_weights(pieces: PatchPixels, grid: PatchGrid, tick: Tick) -> Tensor:
    """Weights of the patches (patches,)."""
    weights = torch.ones(len(pieces.corner), device=pieces.pixels.device)
    for _ in range(ROUNDS):
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
        total[place] += (weights * factor) * pieces.at(y, x).view(*grid.shape, 3)
        norm[place] += weights * factor
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
    """Each pixel (y, x) of the patches, its positions on the canvas for all of them, and the window's value."""
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
