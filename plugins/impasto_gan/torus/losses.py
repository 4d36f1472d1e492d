"""The sliced Wasserstein term of the torus generator's loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from impasto.surface.pyramid import split_band
from impasto.training.losses import ordered

PATCH_PX = 7
DIRECTIONS = 32
POSITIONS = 4096


def sliced_wasserstein(x: Tensor, x_hat: Tensor, levels: int, random: torch.Generator) -> Tensor:
    """Mean |difference| of sorted random projections of x's and x̂'s 7x7 patches, over the levels of a pyramid.

    x, x̂ (B, C, H, W): at most `levels` frequency bands, finest first, the residual, and single pixels, for the
    distribution of colours (Elnekave & Weiss 2022). Each channel of a level, and each projection, is divided by its
    deviation in x, so that fine and coarse detail, and colours and relief, count equally.
    """
    x = x.detach()
    distances = [_distance(x, x_hat, 1, random)]
    for _ in range(levels):
        if min(x.shape[2:]) < 3 * PATCH_PX:
            break
        (band, x), (band_hat, x_hat) = split_band(x), split_band(x_hat)
        distances.append(_distance(band, band_hat, PATCH_PX, random))
    distances.append(_distance(x, x_hat, PATCH_PX, random))
    return torch.stack(distances).mean()


def _distance(x: Tensor, x_hat: Tensor, patch_px: int, random: torch.Generator) -> Tensor:
    deviation = x.std((0, 2, 3), keepdim=True).clamp(min=1e-3)
    x, x_hat = x / deviation, x_hat / deviation
    directions = torch.randn(DIRECTIONS, x.shape[1], patch_px, patch_px, generator=random)
    directions = (directions / directions.flatten(1).norm(dim=1)[:, None, None, None]).to(x.device)
    stride = 2 if x[:, 0].numel() > 4 * POSITIONS else 1
    top, left = torch.randint(stride, (2,), generator=random).tolist()
    projected = [
        _sample(conv2d(pixels[:, :, top:, left:], directions, stride=stride).transpose(0, 1).flatten(1).float(), random)
        for pixels in (x, x_hat)
    ]
    real, fake = ordered(projected[0]), ordered(projected[1])
    return ((real - fake).abs() / real.std(1, keepdim=True).clamp(min=1e-3)).mean()


def _sample(projected: Tensor, random: torch.Generator) -> Tensor:
    """A random sample of at most `POSITIONS` columns of (directions, positions)."""
    if projected.shape[1] <= POSITIONS:
        return projected
    return projected[:, torch.randint(projected.shape[1], (POSITIONS,), generator=random).to(projected.device)]
