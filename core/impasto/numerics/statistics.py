"""Statistics of pictures: principal components, salience, and steps of sliced Wasserstein distances of patches.

A distance (Karras et al. 2018, section 5; Elnekave & Weiss 2022) takes patches of two pictures, projects both on random
directions, and compares the sorted projections. Each measure draws and pools patches in its own way. Salience is how
far a place stands out after a low-pass filter, as landmarks do, which reveal that a picture repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from .filters import blur

if TYPE_CHECKING:
    from ..texture import Maps

LANDMARKS = (1 / 32, 1 / 16)
"""Deviations of the Gaussians whose extremes are landmarks, relative to the shorter side."""
LEAST_DEVIATION = 0.01
"""Deviation of a low-passed channel, relative to its own, below which nothing is salient."""
MOST_COMPONENTS, LEAST_SHARE = 4, 0.02
"""Largest number of principal components for matching, and least share of the variance of each."""
LEAST_VARIANCE = 0.01
"""Variance below which a principal component of a map is omitted, relative to that of the largest one."""


def principal_axes(values: Tensor, most: int = MOST_COMPONENTS) -> tuple[Tensor, Tensor]:
    """Variances (C,) and directions (c, C) of the principal components of values (c, n) of mean 0, largest last.

    At most `most`, without those that have less than `LEAST_SHARE` of the sum of all variances; one at least.
    """
    variances, directions = torch.linalg.eigh(values @ values.T / values.shape[1])
    total = variances.sum().clamp(min=1e-12)
    count = min(most, max(1, int((variances > LEAST_SHARE * total).sum())))
    return variances[-count:], directions[:, -count:]


class PrincipalChannels:
    """Principal components of each map, with mean 0 and deviation 1 over a source."""

    def __init__(self, source: Maps, names: Sequence[str]) -> None:
        self._bases = {}
        for name in names:
            values = source[name].pixels.reshape(-1, source[name].pixels.shape[2])
            variances, vectors = np.linalg.eigh(np.atleast_2d(np.cov(values, rowvar=False)))
            is_varying = variances > LEAST_VARIANCE * variances.max()
            self._bases[name] = values.mean(0), vectors[:, is_varying] / np.sqrt(variances[is_varying])

    def of(self, maps: Maps) -> np.ndarray:
        """Channels (H, W, C) float32 of maps of the same names."""
        parts = [(maps[name].pixels - mean) @ basis for name, (mean, basis) in self._bases.items()]
        return np.concatenate(parts, 2).astype(np.float32)


def circular_blur(picture: np.ndarray, deviation_px: float) -> np.ndarray:
    """Picture (H, W, C) after a circular Gaussian filter."""
    return blur(torch.from_numpy(picture.astype(np.float64)).permute(2, 0, 1), deviation_px).permute(1, 2, 0).numpy()


def in_deviations(smooth: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Salience (H, W): the largest channel of a low-passed picture (H, W, C) at each pixel, in deviations σ (C,)."""
    return np.abs(smooth / np.maximum(sigma, LEAST_DEVIATION)).max(2)


def patches_at(x: Tensor, top: Tensor, left: Tensor, side_px: int) -> Tensor:
    """Square patches (C, n, side_px²) of x (C, H, W) with corners at top and left (n,), differentiable."""
    width, offset = x.shape[2], torch.arange(side_px)
    places = (top * width + left)[:, None] + (offset[:, None] * width + offset).flatten()  # (n, side_px²)
    return x.flatten(1).index_select(1, places.flatten().to(x.device)).unflatten(1, places.shape)


def sort_rows(values: Tensor) -> Tensor:
    """Each row of values (n, m) sorted, differentiable; on the CPU by NumPy, several times as fast as PyTorch."""
    if values.device.type != "cpu":
        return values.sort(1).values
    order = np.argsort(values.detach().numpy(), axis=1)
    return values.gather(1, torch.from_numpy(order))


def relative_distance(target: Tensor, result: Tensor, least: float, correction: int = 1) -> Tensor:
    """Mean difference of sorted projections (n, m), in deviations of the target's, which are at least `least`.

    correction: as in `torch.std`, for the deviations.
    """
    return ((target - result).abs() / target.std(1, correction=correction, keepdim=True).clamp(min=least)).mean()
