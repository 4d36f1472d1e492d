"""Losses that several trainers use: relativistic loss and its penalty, KL divergence, distance of patches."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import conv2d, softplus

from ..numerics.resampling import laplacian_pyramid
from ..numerics.statistics import relative_distance, sort_rows

SIGMA = 0.1
"""Step of the finite difference that approximates a gradient, at half the cost of double backpropagation."""
PATCH_PX = 7
DIRECTIONS = 32
POSITIONS = 4096
"""Number of patches of a batch to compare."""


@dataclass(frozen=True)
class Pairing:
    """Axes that a distance pools, and its lower limits.

    pooled: first and last axis of (directions, pictures, positions) that form one distribution. least_positions: lower
    limit of patches of a distribution. least_channel, least_projection: lower limits of deviations to divide by.
    """

    pooled: tuple[int, int]
    least_positions: int
    least_channel: float
    least_projection: float


ALL_WITH_ALL = Pairing((1, 2), POSITIONS, 1e-3, 1e-3)
ONE_BY_ONE = Pairing((0, 1), 512, 0.1, 0.2)
"""Each picture of x̂ with the picture of x at its index. Some maps are constant, so the limits are higher."""


def relativistic_loss(relativistic_logits: Tensor) -> Tensor:
    """Mean of softplus(-z) over z = D(x) - D(x̂), the discriminator's loss, or D(x̂) - D(x), the generator's.

    Huang et al. 2024, eq. 2, here for each patch.
    """
    return softplus(-relativistic_logits).mean()


def zero_centred_penalty(logits: Tensor, near: Tensor) -> Tensor:
    """|∇D|² (Huang et al. 2024, section 2.2): the expected square of (D(x + σn) - D(x)) / σ over normal n."""
    return ((near - logits) / SIGMA).square().mean()


def kl_divergence(mu: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)) in nats of each element, from μ and log σ² (Kingma & Welling 2014, appendix B)."""
    return 0.5 * (mu.square() + log_variance.exp() - 1 - log_variance)


def sliced_wasserstein(
    x: Tensor, x_hat: Tensor, levels: int, random: torch.Generator, pairing: Pairing = ALL_WITH_ALL
) -> Tensor:
    """Mean |difference| of sorted random projections of x's and x̂'s 7x7 patches, over the levels of a pyramid.

    x, x̂ (B, C, H, W): at most `levels` frequency bands, finest first, the residual, and single pixels, for the
    distribution of colours (Elnekave & Weiss 2022). Each channel of a level, and each projection, is divided by its
    deviation in x, so that fine and coarse detail, and colours and relief, count equally.
    """
    x = x.detach()
    pyramids = (laplacian_pyramid(one, levels + 1, 3 * PATCH_PX) for one in (x, x_hat))
    distances = [_distance(x, x_hat, 1, random, pairing)]
    distances += [_distance(real, fake, PATCH_PX, random, pairing) for real, fake in zip(*pyramids, strict=True)]
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
    real, fake = sort_rows(projected[0]), sort_rows(projected[1])
    return relative_distance(real, fake, pairing.least_projection)


def _sample(projected: Tensor, count: int, random: torch.Generator) -> Tensor:
    """A random sample of at most `count` columns of (directions, positions)."""
    if projected.shape[1] <= count:
        return projected
    return projected[:, torch.randint(projected.shape[1], (count,), generator=random).to(projected.device)]
