"""Blur and guided filter of pictures that wrap around along none, one or both of their axes."""

from __future__ import annotations

from torch import Tensor

from impasto.numerics.blur import blur, gaussian_blur
from impasto.numerics.borders import Wraps, with_margin
from impasto.numerics.guided_filter import guided_filter

WIDE_PX = 6.0
"""Standard deviation from which blurs are faster in the frequency domain."""


def gaussian(x: Tensor, sigma_px: float, wraps: Wraps) -> Tensor:
    """Gaussian blur of x (C, H, W)."""
    reach = max(1, round(3 * sigma_px))
    if sigma_px <= WIDE_PX:
        return gaussian_blur(x[None], sigma_px, wraps, reach)[0]
    return blur(with_margin(x, reach, wraps), sigma_px)[:, reach:-reach, reach:-reach]


def filter_by_guide(I: Tensor, p: Tensor, radius_px: int, epsilon: float, wraps: Wraps) -> Tensor:  # noqa: E741
    """Guided filter of p (C, H, W) by a guide I (1, H, W), with square windows."""
    from kornia.filters import box_blur

    inner = slice(radius_px, -radius_px)

    def mean(x: Tensor) -> Tensor:
        return box_blur(with_margin(x, radius_px, wraps), 2 * radius_px + 1, separable=True)[..., inner, inner]

    return guided_filter(I[None], p[None], mean, epsilon)[0]
