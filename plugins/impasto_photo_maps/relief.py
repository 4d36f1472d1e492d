"""Relief of a picture: the suggested slopes, shaped by sliders, and the resulting heights."""

from __future__ import annotations

import torch

from impasto.numerics.filters import blurs, convolution, eigenvalues

PIVOT = 1 / 32
"""Size of shapes, relative to the picture, whose weight does not depend on the balance of fine and large."""
BALANCE = 1.2
FLATTEST = 0.002
"""A smaller relief, relative to the picture's size, is not stretched to the full range of height."""
PALE_JOINTS = 0.2
"""Pale lines are deep above this ridge asymmetry: so in 6 of 91 pictures, of which 5 are right."""


def rebalance(slopes: torch.Tensor, size_px: float, balance: float) -> torch.Tensor:
    """Slopes (2, H, W) with more weight on fine shapes (balance 0) or on large ones (1); 0.5 leaves them alone."""
    if balance == 0.5:
        return slopes
    height, width = slopes.shape[-2:]
    fy = torch.fft.fftfreq(height, device=slopes.device)[:, None]
    fx = torch.fft.rfftfreq(width, device=slopes.device)[None]
    waves = torch.hypot(fy, fx) * size_px * PIVOT
    weighted = convolution(slopes, waves.clamp(0.05, 20).pow(-BALANCE * (2 * balance - 1)))
    return weighted * (slopes.square().mean() / weighted.square().mean().clamp_min(1e-12)).sqrt()


def pale_is_deep(L: torch.Tensor, size_px: float) -> bool:
    """Whether pale lines cross a darker ground, as mortar does: bright ridges outweigh dark ones in L (H, W).

    It compares squared strengths of ridges of both signs: one eigenvalue of the Hessian less twice the other.
    """
    asymmetry = [_ridge_asymmetry(smooth) for smooth in blurs(L, (size_px / 256, size_px / 128))]
    return sum(asymmetry) / 2 > PALE_JOINTS


def _ridge_asymmetry(L: torch.Tensor) -> float:
    """(bright − dark) / (bright + dark) ridge energy of L (H, W), in [−1, 1]."""
    Lxx = torch.roll(L, -1, 1) + torch.roll(L, 1, 1) - 2 * L
    Lyy = torch.roll(L, -1, 0) + torch.roll(L, 1, 0) - 2 * L
    across = (torch.roll(L, -1, 1) - torch.roll(L, 1, 1)) / 2
    Lxy = (torch.roll(across, -1, 0) - torch.roll(across, 1, 0)) / 2
    high, low = eigenvalues(Lxx, Lyy, Lxy)
    bright = (-low - 2 * high.abs()).clamp_min(0).square().mean()
    dark = (high - 2 * low.abs()).clamp_min(0).square().mean()
    return float((bright - dark) / (bright + dark + 1e-14))


def as_height(relief: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Height (H, W) in [0, 1] and its range in units of `relief` (H, W), with rare extremes compressed."""
    relief = relief - relief.mean()
    limit = 4 * relief.std(correction=0) + 1e-9
    relief = relief / torch.sqrt(1 + (relief / limit).square())
    low, high = float(relief.min()), float(relief.max())
    span = max(high - low, FLATTEST)
    return 0.5 + (relief - (low + high) / 2) / span, span


def with_contrast(height: torch.Tensor, contrast: float) -> torch.Tensor:
    """Height (H, W) in [0, 1], flattened if contrast is below 0.5, and pushed towards its extremes if above."""
    t = 2 * height - 1
    if contrast <= 0.5:
        return 0.5 + contrast * t
    g = 6 * (contrast - 0.5)
    return 0.5 + 0.5 * torch.tanh(g * t) / torch.tanh(torch.tensor(g))
