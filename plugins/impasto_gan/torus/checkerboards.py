"""A term of the torus generator's loss that penalises checkerboards."""

from __future__ import annotations

import torch
from torch import Tensor

PERIOD_PX = 4
"""Period of the penalised checkerboards; two upsamplings by 2 leave no longer ones in the finest bands."""
LEAST_SQUARE = 1e-12
"""Smallest mean square of a band by which products are divided, for constant channels."""
LAGS = ((0, 0), (0, 1), (1, 0), (1, 1), (1, -1))
"""Distances down and right between multiplied values of a band, in units of the band's width."""


def checkerboard(x: Tensor) -> Tensor:
    """Variance of the autocorrelation of x's two finest bands over the positions in a grid of `PERIOD_PX`.

    x (B, C, H, W); each channel of a band is divided by its mean square. A texture has the same statistics wherever the
    grid of a network's upsampling lies (0 but for chance), checkerboard artefacts (Odena et al. 2016) have not.
    Discriminators that pool hardly see these: the mean of 2x2 pixels is the same on every side of a grid of 2.
    """
    total = torch.zeros((), device=x.device)
    for width in (1, 2):
        blurred = _blur(x, width)
        band = x[:, :, width:-width, width:-width] - blurred
        total = total + torch.stack([_unevenness(band, down * width, right * width) for down, right in LAGS]).sum()
        x = blurred
    return total


def _blur(x: Tensor, width: int) -> Tensor:
    """x (B, C, H, W) -> (B, C, H - 2 width, W - 2 width), by a binomial filter with three taps, `width` px apart."""
    for axis in (2, 3):
        middle = x.narrow(axis, width, x.shape[axis] - 2 * width)
        before, after = x.narrow(axis, 0, middle.shape[axis]), x.narrow(axis, 2 * width, middle.shape[axis])
        x = (before + after) / 4 + middle / 2
    return x


def _unevenness(band: Tensor, down: int, right: int) -> Tensor:
    """Variance, over positions in the grid, of the products of a band (B, C, H, W) with itself at this distance."""
    left = max(-right, 0)
    height = (band.shape[2] - down) // PERIOD_PX * PERIOD_PX
    width = (band.shape[3] - 2 * abs(right)) // PERIOD_PX * PERIOD_PX
    here = band[:, :, :height, left : left + width]
    there = band[:, :, down : down + height, left + right : left + right + width]
    products = here * there / band.square().mean((0, 2, 3), keepdim=True).clamp(min=LEAST_SQUARE)
    rows = products.unflatten(2, (-1, PERIOD_PX)).mean((0, 2))  # (C, 4, W)
    cells = rows.unflatten(2, (-1, PERIOD_PX)).mean(2)  # (C, 4, 4)
    return cells.var((1, 2), correction=0).mean()
