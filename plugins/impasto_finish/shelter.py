"""Curvature and occlusion of a surface as scores, whose highest parts weathering reaches first."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.numerics.borders import TORUS, with_margin
from impasto.surface.relief import occlusion_from_height
from impasto.texture import Maps

from .borders import gaussian
from .subject import scale_m, tensor_of

SCALES = (0.5, 1.0, 2.0)
SOFTNESS = 0.9
"""Width of the border of a share, in standard deviations of its score."""
MARGIN_PX = 32
GRAIN_PX = (0.8, 3.0)
"""Standard deviations of the blurs between which grain lies."""


def cavities(height: Tensor, sigma_px: float, wraps: tuple[bool, bool]) -> Tensor:
    """Mean curvature (1, H, W), positive in hollows, of standard deviation 1; around a size of `sigma_px`.

    Differences of Gaussians, which are Laplacians smoothed, at three scales.
    """
    score = torch.zeros_like(height)
    for scale in SCALES:
        fine, broad = (gaussian(height, max(factor * scale * sigma_px, 0.3), wraps) for factor in (0.5, 1.0))
        score += _standardise(broad - fine)
    return _standardise(score)


def occlusion(subject: Maps, height: Tensor, device: str) -> Tensor:
    """Occlusion (1, H, W), 0 where all is open, of standard deviation 1: the subject's own, or else of its height."""
    if "ambient_occlusion" in subject:
        open_ = tensor_of(subject["ambient_occlusion"].pixels, device)
    else:
        width_m, range_m = scale_m(subject)
        around = with_margin(height[0] * (range_m / width_m * subject.size_px[1]), MARGIN_PX, TORUS)
        open_ = occlusion_from_height(around)[None, MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]
    return _standardise(1 - open_)


def grain(L: Tensor, wraps: tuple[bool, bool]) -> Tensor:
    """Fine variation (1, H, W) of lightness, of standard deviation 1: as seamless as the picture itself."""
    fine, broad = (gaussian(L, sigma_px, wraps) for sigma_px in GRAIN_PX)
    return _standardise(fine - broad)


def share_above(score: Tensor, area: float) -> Tensor:
    """Share (1, H, W) from 0 to 1 that covers about an `area`, from 0 to 1, of the places of highest score."""
    if area <= 0:
        return torch.zeros_like(score)
    ordered = score.flatten().sort().values
    level = ordered[round((1 - area) * (len(ordered) - 1))]
    t = ((score - level) / (SOFTNESS * score.std(correction=0) + 1e-6) + 0.5).clamp(0, 1)
    return t * t * (3 - 2 * t)


def _standardise(x: Tensor) -> Tensor:
    return (x - x.mean()) / (x.std(correction=0) + 1e-6)
