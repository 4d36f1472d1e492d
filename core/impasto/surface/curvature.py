"""Curvature of a surface as a score, and the share of a surface where a score is highest."""

from __future__ import annotations

import torch
from torch import Tensor

from ..numerics.blur import bordered_blur
from ..numerics.borders import Wraps

SCALES = (0.5, 1.0, 2.0)
SOFTNESS = 0.9
"""Width of the border of a share, in standard deviations of its score."""


def cavities(height: Tensor, sigma_px: float, wraps: Wraps) -> Tensor:
    """Mean curvature (1, H, W), positive in hollows, of standard deviation 1; around a size of `sigma_px`.

    Differences of Gaussians, which are Laplacians smoothed, at three scales.
    """
    pairs = [tuple(max(factor * scale * sigma_px, 0.3) for factor in (0.5, 1.0)) for scale in SCALES]
    blurs = {width: bordered_blur(height, width, wraps) for width in {width for pair in pairs for width in pair}}
    score = torch.zeros_like(height)
    for fine, broad in pairs:
        score += standardise(blurs[broad] - blurs[fine])
    return standardise(score)


def share_above(score: Tensor, area: float, softness: float = SOFTNESS) -> Tensor:
    """Share (1, H, W) from 0 to 1 that covers about an `area`, from 0 to 1, of the places of highest score."""
    if area <= 0 or area >= 1:
        return torch.full_like(score, float(area >= 1))
    ordered = score.flatten().sort().values
    level = ordered[round((1 - area) * (len(ordered) - 1))]
    t = ((score - level) / (softness * score.std(correction=0) + 1e-6) + 0.5).clamp(0, 1)
    return t * t * (3 - 2 * t)


def standardise(x: Tensor) -> Tensor:
    """x with mean 0 and standard deviation 1."""
    return (x - x.mean()) / (x.std(correction=0) + 1e-6)
