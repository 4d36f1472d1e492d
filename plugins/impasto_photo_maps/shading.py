"""Ambient occlusion from height; roughness from height and fine contrast."""

from __future__ import annotations

import torch

from impasto.numerics.filters import blur, blurs

SCALES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1)  # relative to the radius
PLAIN = 0.06  # closure below this is ignored, so that a flat surface stays white


def ambient_occlusion(height_px: torch.Tensor, radius_px: float, strength: float) -> torch.Tensor:
    """Openness to the sky (H, W), from 0 to 1, of each point of a surface of height (H, W).

    From the height of the surroundings above a point, over their distance, at several scales: Σ relu(blur_σ(h) − h)/σ.
    For true heights it agrees with rendered occlusion as well as 8 horizons of 8 steps do (r = 0.5), without rays.
    """
    sigmas_px = [max(radius_px * part, 0.5) for part in SCALES]
    closed = torch.zeros_like(height_px)
    for sigma_px, surroundings in zip(sigmas_px, blurs(height_px, sigmas_px), strict=True):
        closed += (surroundings - height_px).clamp_min(0) / sigma_px
    return 1 / (1 + 2 * strength * (closed - PLAIN).clamp_min(0))


def roughness(
    L: torch.Tensor, height_px: torch.Tensor, size_px: float, base: torch.Tensor | float, variation: float
) -> torch.Tensor:
    """Roughness (H, W) in [0, 1] around `base`: more in depressions and detail, less where raised and uniform.

    L: lightness (H, W). height_px: (H, W) in pixels, of which only finer shapes count. size_px: of the picture.
    base: one for all, or (H, W).
    """
    sigma_px = max(size_px / 200, 1.0)
    mean, mean_square = blur(torch.stack([L, L * L]), sigma_px)
    contrast = (mean_square - mean * mean).clamp_min(0).sqrt()
    detail = contrast / (contrast + contrast.mean() + 0.01)
    raised = height_px - blur(height_px, max(size_px / 64, 1.0))
    depth = -raised / (raised.std(correction=0) + 0.1)
    depth = depth / torch.sqrt(1 + (depth / 2).square())
    return (base + variation * (0.2 * depth + 0.6 * (detail - detail.mean()))).clamp(0.02, 1)
