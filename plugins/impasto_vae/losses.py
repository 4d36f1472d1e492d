"""What the autoencoder is trained by: the evidence lower bound, and two terms that keep it from blurring.

L1 alone answers what it cannot know with the median: mush. So only broad bands are asked to agree texel by texel, and
fine ones to agree as distributions of patches (sliced Wasserstein) and before a critic.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, softplus

from .networks import Critic, Noise

PATCH_PX = 7
DIRECTIONS = 16
POSITIONS = 2048
LEVELS = 4
BAND_WEIGHTS = (0.1, 0.3, 1.0, 2.0)
"""How much each level of the pyramid, finest first, has to agree texel by texel."""
SIGMA = 0.1
"""Length of the finite difference that stands for the critic's gradient: half the cost of differentiating twice."""


def kl_divergence(mu: Tensor, log_variance: Tensor) -> Tensor:
    """KL(q(z|x) ‖ N(0, I)) in nats, the mean of each channel (C,) (Kingma & Welling 2014, appendix B).

    mu, log_variance (B, C, h, w).
    """
    return 0.5 * (mu.square() + log_variance.exp() - 1 - log_variance).mean((0, 2, 3))


def with_free_bits(kl: Tensor, free_nats: float) -> Tensor:
    """Sum of kl (C,) where channels below `free_nats` cost nothing, so that none dies (Kingma et al. 2016, eq. 15)."""
    return kl.clamp(min=free_nats).sum()


def reconstruction_loss(x: Tensor, x_hat: Tensor, known: Tensor) -> Tensor:
    """Weighted L1 of the Laplacian pyramids of x and x̂ (B, C, H, W), where known (B, 1, H, W) is 1."""
    loss = x.new_zeros(())
    for difference, weight in zip(bands(x - x_hat), BAND_WEIGHTS, strict=False):
        part = interpolate(known, size=difference.shape[2:], mode="area")
        loss = loss + weight * (difference.abs() * part).mean() / part.mean()
    return loss


def bands(x: Tensor) -> list[Tensor]:
    """Laplacian pyramid of x (B, C, H, W), finest first, while a patch fits; the last is the remainder."""
    levels = []
    while len(levels) < LEVELS - 1 and min(x.shape[2:]) >= 4 * PATCH_PX:
        smaller = avg_pool2d(x, 2)
        levels.append(x - interpolate(smaller, size=x.shape[2:], mode="bilinear", align_corners=False))
        x = smaller
    return [*levels, x]


def sliced_wasserstein_loss(x: Tensor, x_hat: Tensor, random: torch.Generator) -> Tensor:
    """Mean |difference| of sorted random projections of x's and x̂'s 7x7 patches, over the levels of a pyramid.

    x, x̂ (B, C, H, W). Each projection is in units of its deviation in x, so that fine detail counts as much as broad.
    """
    levels = []
    for real, fake in zip(bands(x), bands(x_hat), strict=True):
        directions = torch.randn(DIRECTIONS, x.shape[1] * PATCH_PX**2, generator=random).to(x.device)
        projections = [directions @ patches(band, POSITIONS, random).T for band in (real, fake)]  # (16, 2048)
        real, fake = (values.sort(1).values for values in projections)
        levels.append(((real - fake).abs() / real.std(1, keepdim=True).clamp(min=1e-3)).mean())
    return torch.stack(levels).mean()


def patches(x: Tensor, count: int, random: torch.Generator) -> Tensor:
    """7x7 patches (count, C · 49) of x (B, C, H, W) at random places."""
    batch, channels, height, width = x.shape
    index, y, x_ = (torch.randint(n, (count, 1, 1), generator=random) for n in (batch, height - 6, width - 6))
    offset = torch.arange(PATCH_PX)
    places = ((index * height + y + offset[:, None]) * width + x_ + offset).flatten().to(x.device)
    found = x.permute(1, 0, 2, 3).flatten(1).index_select(1, places)  # (C, count · 49)
    return found.view(channels, count, -1).permute(1, 0, 2).flatten(1)


def critic_loss(D: Critic, x: Tensor, x_hat: Tensor, gamma: float, noise: Noise) -> Tensor:
    """softplus(-(D(x) - D(x̂))) + γ/2 (|∇D(x)|² + |∇D(x̂)|²), for each patch (Huang et al. 2024, eq. 3).

    x, x̂ (B, C, H, W). The expected square of (D(x + σn) - D(x)) / σ over normal n is |∇D(x)|².
    """
    pair = torch.cat([x, x_hat])
    logits = D(torch.cat([pair, pair + SIGMA * noise(*pair.shape)]))  # (4B, 1, h, w)
    real, fake, real_near, fake_near = logits.chunk(4)
    penalty = ((real_near - real) / SIGMA).square() + ((fake_near - fake) / SIGMA).square()
    return (softplus(-(real - fake)) + gamma / 2 * penalty).mean()


def adversarial_loss(D: Critic, x: Tensor, x_hat: Tensor) -> Tensor:
    """softplus(-(D(x̂) - D(x))), for each patch."""
    with torch.no_grad():
        real = D(x)
    return softplus(-(D(x_hat) - real)).mean()
