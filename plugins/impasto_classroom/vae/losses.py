"""Losses of the autoencoder: the evidence lower bound, and two terms against blur.

The minimum of L1 is the median, a blur wherever detail cannot be predicted. So mainly broad bands must agree texel by
texel, and fine ones as distributions of patches (sliced Wasserstein distance) and for a critic.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.numerics.resampling import laplacian_pyramid
from impasto.numerics.statistics import patches_at, relative_distance, sort_rows

PATCH_PX = 7
DIRECTIONS = 16
POSITIONS = 2048
LEVELS = 4
BAND_WEIGHTS = (0.1, 0.5, 1.0, 1.0)
"""Weights of the L1 of each level of the pyramid, finest first."""


def free_bits(kl: Tensor, free_nats: float) -> Tensor:
    """Sum of kl (C,), each at least `free_nats`, so that no channel collapses (Kingma et al. 2016, eq. 15)."""
    return kl.clamp(min=free_nats).sum()


def reconstruction_loss(x: Tensor, x_hat: Tensor, known: Tensor) -> Tensor:
    """L1 between the Laplacian pyramids of x and x̂ (B, C, H, W), weighted by `known` (1, 1, H, W).

    It is relative to the deviation of each band and channel in x, so that fine relief counts as well as broad colour;
    channels that hardly vary count less.
    """
    loss = x.new_zeros(())
    for real, rebuilt, weight in zip(bands(x), bands(x_hat), BAND_WEIGHTS, strict=False):
        mask = interpolate(known, size=real.shape[2:], mode="area")
        scale = scale_of(real)
        importance = real.std((0, 2, 3), keepdim=True) / scale  # (1, C, 1, 1), at most 1
        errors = ((rebuilt - real).abs() * (importance / scale) * mask).sum(1).mean()
        loss = loss + weight * errors / (mask.mean() * importance.sum()).clamp(min=1e-6)
    return loss / sum(BAND_WEIGHTS)


def scale_of(band: Tensor) -> Tensor:
    """Deviations (1, C, 1, 1) of the channels of a band (B, C, H, W), at least a tenth of the largest."""
    deviation = band.std((0, 2, 3), keepdim=True)
    return deviation.clamp(min=max(1e-3, 0.1 * float(deviation.max())))


def bands(x: Tensor) -> list[Tensor]:
    """Laplacian pyramid of x (B, C, H, W), of the levels that a patch fits into."""
    return laplacian_pyramid(x, LEVELS, 4 * PATCH_PX)


def sliced_wasserstein_loss(x: Tensor, rebuilt: Sequence[Tensor], random: torch.Generator) -> Tensor:
    """Sliced Wasserstein distance between the 7x7 patches of x and those of each of `rebuilt`, mean of pyramid levels.

    All (B, C, H, W); each x̂ by itself, so that errors of two cannot cancel. Projections are divided by their deviation
    in x, so that fine detail counts as much as broad.
    """
    losses = []
    for real, *fakes in zip(bands(x), *map(bands, rebuilt), strict=True):
        directions = torch.randn(DIRECTIONS, x.shape[1] * PATCH_PX**2, generator=random).to(x.device)
        scale = scale_of(real)
        real, *fakes = (sort_rows(directions @ patches(band / scale, POSITIONS, random).T) for band in (real, *fakes))
        losses += [relative_distance(real, fake, 1e-3) for fake in fakes]
    return torch.stack(losses).mean()


def patches(x: Tensor, count: int, random: torch.Generator) -> Tensor:
    """7x7 patches (count, C · 49) of x (B, C, H, W) at random places."""
    batch, _, height, width = x.shape
    index, y, x_ = (torch.randint(n, (count, 1, 1), generator=random) for n in (batch, height - 6, width - 6))
    column = x.permute(1, 0, 2, 3).flatten(1, 2)  # (C, B · H, W): one picture below the other
    return patches_at(column, (index * height + y).flatten(), x_.flatten(), PATCH_PX).permute(1, 0, 2).flatten(1)
