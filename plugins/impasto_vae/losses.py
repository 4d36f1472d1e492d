"""What the autoencoder is trained by: the evidence lower bound, and two terms that keep it from blurring.

L1 alone answers what it cannot know with the median: mush. So only broad bands are asked to agree texel by texel, and
fine ones to agree as distributions of patches (sliced Wasserstein) and before a critic.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.surface.pyramid import split_band
from impasto.training.losses import ordered

PATCH_PX = 7
DIRECTIONS = 16
POSITIONS = 2048
LEVELS = 4
BAND_WEIGHTS = (0.1, 0.5, 1.0, 1.0)
"""How much each level of the pyramid, finest first, has to agree texel by texel."""


def kl_divergence(mu: Tensor, log_variance: Tensor) -> Tensor:
    """KL(q(z|x) ‖ N(0, I)) in nats, the mean of each channel (C,) (Kingma & Welling 2014, appendix B).

    mu, log_variance (B, C, h, w).
    """
    return 0.5 * (mu.square() + log_variance.exp() - 1 - log_variance).mean((0, 2, 3))


def with_free_bits(kl: Tensor, free_nats: float) -> Tensor:
    """Sum of kl (C,) where channels below `free_nats` cost nothing, so that none dies (Kingma et al. 2016, eq. 15)."""
    return kl.clamp(min=free_nats).sum()


def reconstruction_loss(x: Tensor, x_hat: Tensor, known: Tensor) -> Tensor:
    """L1 between the Laplacian pyramids of x and x̂ (B, C, H, W), where known (1, 1, H, W) is 1.

    In units of each band's and channel's deviation in x, so that fine relief counts beside broad colour; channels that
    hardly vary count less.
    """
    loss = x.new_zeros(())
    for real, made, weight in zip(bands(x), bands(x_hat), BAND_WEIGHTS, strict=False):
        part = interpolate(known, size=real.shape[2:], mode="area")
        scale = scale_of(real)
        share = real.std((0, 2, 3), keepdim=True) / scale  # (1, C, 1, 1), at most 1
        errors = ((made - real).abs() * (share / scale) * part).sum(1).mean()
        loss = loss + weight * errors / (part.mean() * share.sum()).clamp(min=1e-6)
    return loss / sum(BAND_WEIGHTS)


def scale_of(band: Tensor) -> Tensor:
    """Deviation of each channel of a band (B, C, H, W), (1, C, 1, 1), at least a tenth of the largest."""
    deviation = band.std((0, 2, 3), keepdim=True)
    return deviation.clamp(min=max(1e-3, 0.1 * float(deviation.max())))


def bands(x: Tensor) -> list[Tensor]:
    """Laplacian pyramid of x (B, C, H, W), finest first, while a patch fits; the last is the remainder."""
    levels: list[Tensor] = []
    while len(levels) < LEVELS - 1 and min(x.shape[2:]) >= 4 * PATCH_PX:
        band, x = split_band(x)
        levels.append(band)
    return [*levels, x]


def sliced_wasserstein_loss(x: Tensor, made: Sequence[Tensor], random: torch.Generator) -> Tensor:
    """Mean |difference| of sorted random projections of 7x7 patches of x and of each x̂ in made, over pyramid levels.

    All (B, C, H, W), judged apart so that one cannot make up for another. Each projection is in units of its deviation
    in x, so that fine detail counts as much as broad.
    """
    losses = []
    for real, *fakes in zip(bands(x), *map(bands, made), strict=True):
        directions = torch.randn(DIRECTIONS, x.shape[1] * PATCH_PX**2, generator=random).to(x.device)
        scale = scale_of(real)
        real, *fakes = (ordered(directions @ patches(band / scale, POSITIONS, random).T) for band in (real, *fakes))
        deviation = real.std(1, keepdim=True).clamp(min=1e-3)
        losses += [((real - fake).abs() / deviation).mean() for fake in fakes]
    return torch.stack(losses).mean()


def patches(x: Tensor, count: int, random: torch.Generator) -> Tensor:
    """7x7 patches (count, C · 49) of x (B, C, H, W) at random places."""
    batch, channels, height, width = x.shape
    index, y, x_ = (torch.randint(n, (count, 1, 1), generator=random) for n in (batch, height - 6, width - 6))
    offset = torch.arange(PATCH_PX)
    places = ((index * height + y + offset[:, None]) * width + x_ + offset).flatten().to(x.device)
    found = x.permute(1, 0, 2, 3).flatten(1).index_select(1, places)  # (C, count · 49)
    return found.view(channels, count, -1).permute(1, 0, 2).flatten(1)
