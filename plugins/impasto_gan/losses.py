"""What the networks are trained by: a relativistic loss for each patch with penalties, and sliced Wasserstein."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, softplus

from .networks import Noise, PatchDiscriminator

PATCH_PX = 7
DIRECTIONS = 24
POSITIONS = 4096
LEVELS = 4
SIGMA = 0.1
"""Length of the finite difference that stands for the gradient: half the cost of differentiating twice."""


def discriminator_loss(D: PatchDiscriminator, x: Tensor, x_hat: Tensor, gamma: float, noise: Noise) -> Tensor:
    """softplus(-(D(x) - D(x̂))) + γ/2 (|∇D(x)|² + |∇D(x̂)|²), for each patch (Huang et al. 2024, eq. 3 and section 2.2).

    x and x̂ (B, C, H, W). The expected square of (D(x + σn) - D(x)) / σ over normal n is |∇D(x)|².
    """
    pair = torch.cat([x, x_hat])
    logits = D(torch.cat([pair, pair + SIGMA * noise(*pair.shape)]))  # (4B, 1, h, w)
    real, fake, real_near, fake_near = logits.chunk(4)
    penalty = ((real_near - real) / SIGMA).square() + ((fake_near - fake) / SIGMA).square()
    return (softplus(-(real - fake)) + gamma / 2 * penalty).mean()


def generator_loss(D: PatchDiscriminator, x: Tensor, x_hat: Tensor) -> Tensor:
    """softplus(-(D(x̂) - D(x))), for each patch."""
    with torch.no_grad():
        real = D(x)
    return softplus(-(D(x_hat) - real)).mean()


def sliced_wasserstein_loss(x: Tensor, x_hat: Tensor, random: torch.Generator) -> Tensor:
    """Mean |difference| of sorted random projections of x's and x̂'s 7x7 patches, over the levels of a pyramid.

    x, x̂ (B, C, H, W). Each projection is in units of its deviation in x, so that fine detail counts as much as broad.
    """
    levels = []
    for real, fake in zip(_bands(x), _bands(x_hat), strict=True):
        directions = torch.randn(DIRECTIONS, x.shape[1], PATCH_PX, PATCH_PX, generator=random).to(x.device)
        projected = [conv2d(band, directions).transpose(0, 1).flatten(1) for band in (real, fake)]  # (24, B h w)
        chosen = torch.randint(projected[0].shape[1], (POSITIONS,), generator=random).to(x.device)
        real, fake = (values[:, chosen].sort(1).values for values in projected)  # (24, 4096)
        levels.append(((real - fake).abs() / real.std(1, keepdim=True).clamp(min=1e-3)).mean())
    return torch.stack(levels).mean()


def _bands(x: Tensor) -> list[Tensor]:
    """Band-pass levels, finest first, while a patch fits; the last is the remainder."""
    bands = []
    while len(bands) < LEVELS - 1 and min(x.shape[2:]) >= 4 * PATCH_PX:
        smaller = avg_pool2d(x, 2)
        bands.append(x - interpolate(smaller, size=x.shape[2:], mode="bilinear", align_corners=False))
        x = smaller
    return [*bands, x]
