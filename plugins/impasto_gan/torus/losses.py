"""Terms of the torus generator's loss beside the adversarial one: patches as in the data, and no checkerboards."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from impasto.numerics.pyramid import split_band
from impasto.training.losses import ordered

PATCH_PX = 7
DIRECTIONS = 32
POSITIONS = 4096
"""Number of patches of a batch that are compared."""
PERIOD_PX = 4
"""Period of the checkerboards that are looked for: two upsamplings by 2 leave no longer ones in the finest bands."""
LEAST_SQUARE = 1e-12
"""Least mean square of a band that products are divided by, for channels of one value."""
LAGS = ((0, 0), (0, 1), (1, 0), (1, 1), (1, -1))
"""Distances down and right at which values of a band are multiplied, in units of the band's width."""


@dataclass(frozen=True)
class Pairing:
    """A choice of the pictures that are compared with each other.

    pooled: axes of (directions, pictures, positions) whose values are one distribution. least_positions: least number
    of patches of a distribution. least_channel, least_projection: least deviations to divide by.
    """

    pooled: tuple[int, int]
    least_positions: int
    least_channel: float
    least_projection: float


ALL_WITH_ALL = Pairing((1, 2), POSITIONS, 1e-3, 1e-3)
ONE_BY_ONE = Pairing((0, 1), 512, 0.1, 0.2)
"""Each picture of x̂ with the one of x that has its index; maps of some are of one value, so deviations have limits."""


def sliced_wasserstein(
    x: Tensor, x_hat: Tensor, levels: int, random: torch.Generator, pairing: Pairing = ALL_WITH_ALL
) -> Tensor:
    """Mean |difference| of sorted random projections of x's and x̂'s 7x7 patches, over the levels of a pyramid.

    x, x̂ (B, C, H, W): at most `levels` frequency bands, finest first, the residual, and single pixels, for the
    distribution of colours (Elnekave & Weiss 2022). Each channel of a level, and each projection, is divided by its
    deviation in x, so that fine and coarse detail, and colours and relief, count equally.
    """
    x = x.detach()
    distances = [_distance(x, x_hat, 1, random, pairing)]
    for _ in range(levels):
        if min(x.shape[2:]) < 3 * PATCH_PX:
            break
        (band, x), (band_hat, x_hat) = split_band(x), split_band(x_hat)
        distances.append(_distance(band, band_hat, PATCH_PX, random, pairing))
    distances.append(_distance(x, x_hat, PATCH_PX, random, pairing))
    return torch.stack(distances).mean()


def _distance(x: Tensor, x_hat: Tensor, patch_px: int, random: torch.Generator, pairing: Pairing) -> Tensor:
    deviation = x.std((0, 2, 3), keepdim=True).clamp(min=pairing.least_channel)
    x, x_hat = x / deviation, x_hat / deviation
    directions = torch.randn(DIRECTIONS, x.shape[1], patch_px, patch_px, generator=random)
    directions = (directions / directions.flatten(1).norm(dim=1)[:, None, None, None]).to(x.device)
    stride = 2 if x[:, 0].numel() > 4 * POSITIONS else 1
    top, left = torch.randint(stride, (2,), generator=random).tolist()
    count = max(pairing.least_positions, POSITIONS // len(x))
    projected = []
    for pixels in (x, x_hat):
        found = conv2d(pixels[:, :, top:, left:], directions, stride=stride).transpose(0, 1).flatten(2).float()
        projected.append(_sample(found.flatten(*pairing.pooled), count, random))
    real, fake = ordered(projected[0]), ordered(projected[1])
    return ((real - fake).abs() / real.std(1, keepdim=True).clamp(min=pairing.least_projection)).mean()


def _sample(projected: Tensor, count: int, random: torch.Generator) -> Tensor:
    """A random sample of at most `count` columns of (directions, positions)."""
    if projected.shape[1] <= count:
        return projected
    return projected[:, torch.randint(projected.shape[1], (count,), generator=random).to(projected.device)]


def checkerboard(x: Tensor) -> Tensor:
    """Variance of the autocorrelation of x's two finest bands over the positions in a grid of `PERIOD_PX`.

    x (B, C, H, W); each channel of a band is divided by its mean square. A texture has the same statistics wherever the
    grid of a network's upsampling lies (0 but for chance), checkerboard artefacts (Odena et al. 2016) have not.
    Discriminators that pool hardly see these: the mean of 2x2 pixels is the same on every side of a grid of 2.
    """
    total = torch.zeros((), device=x.device)
    for width in (1, 2):
        blurred = _blurred(x, width)
        band = x[:, :, width:-width, width:-width] - blurred
        total = total + torch.stack([_unevenness(band, down * width, right * width) for down, right in LAGS]).sum()
        x = blurred
    return total


def _blurred(x: Tensor, width: int) -> Tensor:
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
