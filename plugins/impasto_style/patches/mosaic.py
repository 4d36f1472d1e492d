"""Overlapping patches laid to one picture, so that strokes stay sharp: where they differ, those that agree decide.

Iteratively reweighted, as in Kwatra et al. 2005 ("Texture optimization") and Elad & Milanfar 2017, but with a power at
which few patches win, and with a window that lets a patch decide in its middle.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from .grid import Grid
from .library import Pieces
from .matching import Tick

ROUNDS = 3
POWER = -2.0
"""Of a patch's mean squared difference from what was laid: its weight in the next round."""
LEAST_DIFFERENCE = 3e-4
WINDOW = 1.5
"""Deviation of the window, in pixels of the matching's size."""


def weigh(pieces: Pieces, grid: Grid, tick: Tick) -> Tensor:
    """Weights of the patches (patches,)."""
    weights = torch.ones(len(pieces.corner), device=pieces.pixels.device)
    for _ in range(ROUNDS):
        weights = (_differences(pieces, lay(pieces, weights, grid, tick), grid, tick) + LEAST_DIFFERENCE) ** POWER
        weights = weights / weights.mean()
    return weights


def lay(pieces: Pieces, weights: Tensor, grid: Grid, tick: Tick) -> Tensor:
    """The picture (1, 3, H, W) that the patches make, the more of each the more it weighs."""
    device = weights.device
    total, shares = torch.zeros(*grid.canvas, 3, device=device), torch.zeros(*grid.canvas, 1, device=device)
    weights = weights.view(*grid.shape, 1)
    for y, x, place, share in _window(grid, tick):
        total[place] += (weights * share) * pieces.at(y, x).view(*grid.shape, 3)
        shares[place] += weights * share
    return (grid.folded(total) / grid.folded(shares)).permute(2, 0, 1)[None]


def _differences(pieces: Pieces, picture: Tensor, grid: Grid, tick: Tick) -> Tensor:
    """Mean squared difference of each patch from the picture, under the window (patches,)."""
    canvas = grid.on_canvas(picture)[0].permute(1, 2, 0).contiguous()
    found, total = torch.zeros(*grid.shape, device=canvas.device), 0.0
    for y, x, place, share in _window(grid, tick):
        found += share * (canvas[place] - pieces.at(y, x).view(*grid.shape, 3)).square_().mean(-1)
        total += share
    return found.flatten() / total


def _window(grid: Grid, tick: Tick) -> Iterator[tuple[int, int, tuple[slice, slice], float]]:
    """Each pixel (y, x) of the patches, where on the canvas it lies for all of them, and its share."""
    rows, columns = grid.shape
    centre, deviation = (grid.side - 1) / 2, WINDOW * grid.factor
    for y in range(grid.side):
        tick()
        for x in range(grid.side):
            place = (
                slice(y, y + (rows - 1) * grid.stride + 1, grid.stride),
                slice(x, x + (columns - 1) * grid.stride + 1, grid.stride),
            )
            share = math.exp(-((y - centre) ** 2 + (x - centre) ** 2) / (2 * deviation**2))
            yield y, x, place, share
