"""Diversity of results: similarity of each pair of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

MS_SSIM_PX = 128


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

    kornia's, with five Gaussians at full resolution (Zhao et al. 2017, without their L1 term).
    """
    import torch
    from kornia.losses import MS_SSIMLoss

    side = min(side_px, *a.shape[:2])
    top, left = (a.shape[0] - side) // 2, (a.shape[1] - side) // 2
    x, y = (
        torch.from_numpy(np.ascontiguousarray(p[top : top + side, left : left + side].transpose(2, 0, 1), np.float32))
        for p in (a, b)
    )
    with torch.inference_mode():
        return 1 - float(MS_SSIMLoss(alpha=1.0, compensation=1.0)(x[None], y[None]))


def over_pairs(measure: Callable[[np.ndarray, np.ndarray], float], results: Sequence[np.ndarray]) -> list[float]:
    """The metric of each pair of results."""
    return [measure(a, b) for a, b in combinations(results, 2)]
