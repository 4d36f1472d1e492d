"""Filters of kornia on pictures that wrap around along none, one or both of their axes."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from impasto.numerics.borders import with_margin

WIDE_PX = 6.0
"""Standard deviation from which blurs are faster in the frequency domain."""


def with_borders(x: Tensor, margin_px: int, wraps: tuple[bool, bool], change: Callable[[Tensor], Tensor]) -> Tensor:
    """`change` of x (C, H, W), given as (1, C, H', W') with margins: its other end where it wraps, else mirrored.

    margin_px: as far as the filter reaches, at least 1, so that its own treatment of borders has no effect.
    """
    changed = change(with_margin(x, margin_px, wraps)[None])[0]
    return changed[:, margin_px:-margin_px, margin_px:-margin_px]


def gaussian(x: Tensor, sigma_px: float, wraps: tuple[bool, bool]) -> Tensor:
    """Gaussian blur of x (C, H, W)."""
    from kornia.filters import gaussian_blur2d

    from impasto.numerics.blur import blur

    reach = max(1, round(3 * sigma_px))
    if sigma_px > WIDE_PX:
        return with_borders(x, reach, wraps, lambda x: blur(x, sigma_px))
    size = 2 * reach + 1
    return with_borders(x, reach, wraps, lambda x: gaussian_blur2d(x, (size, size), (sigma_px, sigma_px)))


def guided(I: Tensor, p: Tensor, radius_px: int, epsilon: float, wraps: tuple[bool, bool]) -> Tensor:  # noqa: E741
    """Guided filter (He et al. 2010) of p (C, H, W) by a guide I (1, H, W): q = mean(a) I + mean(b).

    epsilon: variance of the guide above which a difference counts as an edge. Not kornia's own, which is slow for wide
    windows before version 0.9.
    """
    from kornia.filters import box_blur

    size = 2 * radius_px + 1

    def mean(x: Tensor) -> Tensor:
        return with_borders(x, radius_px, wraps, lambda x: box_blur(x, size, separable=True))

    mean_I, mean_p = mean(I), mean(p)
    a = (mean(I * p) - mean_I * mean_p) / (mean(I * I) - mean_I * mean_I + epsilon)
    b = mean_p - a * mean_I
    return mean(a) * I + mean(b)
