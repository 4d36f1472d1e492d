"""Diversity of results: the similarity of each pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

MS_SSIM_PX = 128
SIGMAS_PX, RADIUS_PX = (0.5, 1.0, 2.0, 4.0, 8.0), 16
"""Standard deviations of the windows of multi-scale SSIM, and their reach."""
C1, C2 = 0.01**2, 0.03**2
"""Constants of SSIM, for values from 0 to 1."""


def largest_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Largest correlation of the luminances of a and b (H, W, C), both tori of one size, over all shifts.

    1 means the same picture, shifted; good: below 0.8.
    """
    A, B = (np.fft.rfft2(_standardise(picture)) for picture in (a, b))
    return float(np.fft.irfft2(A * B.conj(), s=a.shape[:2]).max())


def _standardise(picture: np.ndarray) -> np.ndarray:
    """Luminance (H, W) with zero mean and unit norm; zero for a flat picture."""
    luminance = picture.mean(2, dtype=np.float64)
    luminance = luminance - luminance.mean()
    return luminance / max(float(np.sqrt((luminance**2).sum())), 1e-9)


def ms_ssim(a: np.ndarray, b: np.ndarray, side_px: int = MS_SSIM_PX) -> float:
    """Multi-scale structural similarity of the centres (side_px) of a and b (H, W, 3), of one size; 1 if identical.

    It uses five Gaussians at full resolution (Zhao et al. 2017, eq. 8), each in two passes. kornia's loss, of which
    this is the complement, convolves whole windows, which takes minutes for 256² on processors without AVX-512.
    """
    from scipy.ndimage import gaussian_filter

    side = min(side_px, *a.shape[:2])
    top, left = (a.shape[0] - side) // 2, (a.shape[1] - side) // 2
    x, y = (p[top : top + side, left : left + side].astype(np.float64) for p in (a, b))
    structure: np.ndarray | float = 1.0
    for sigma in SIGMAS_PX:
        mean_x, mean_y, of_x, of_y, of_both = (
            gaussian_filter(one, (sigma, sigma, 0), mode="constant", radius=RADIUS_PX)
            for one in (x, y, x * x, y * y, x * y)
        )
        variances = of_x - mean_x**2 + of_y - mean_y**2
        structure = structure * (2 * (of_both - mean_x * mean_y) + C2) / (variances + C2)
        luminance = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    return float((luminance * structure).mean())


def over_pairs(measure: Callable[[np.ndarray, np.ndarray], float], results: Sequence[np.ndarray]) -> list[float]:
    """The metric for each pair of results."""
    return [measure(a, b) for a, b in combinations(results, 2)]
