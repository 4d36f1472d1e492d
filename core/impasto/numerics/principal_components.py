"""Principal components: few channels that show most of what many do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from ..texture import Maps

MOST_COMPONENTS, LEAST_SHARE = 4, 0.02
"""Limits of principal components that tools match by: their number, and each one's share of the variance."""
LEAST_VARIANCE = 0.01
"""Variance below which a principal component of a map is left out, relative to the largest one's."""


def principal_axes(values: Tensor, most: int = MOST_COMPONENTS) -> tuple[Tensor, Tensor]:
    """Variances (C,) and directions (c, C) of the principal components of values (c, n) of mean 0, largest last.

    At most `most`, without those that have less than `LEAST_SHARE` of the sum of all variances; one at least.
    """
    variances, directions = torch.linalg.eigh(values @ values.T / values.shape[1])
    total = variances.sum().clamp(min=1e-12)
    count = min(most, max(1, int((variances > LEAST_SHARE * total).sum())))
    return variances[-count:], directions[:, -count:]


class PrincipalChannels:
    """Principal components of each map of a source, with zero mean and unit deviation there."""

    def __init__(self, source: Maps, names: Sequence[str]) -> None:
        self._bases = {}
        for name in names:
            values = source[name].pixels.reshape(-1, source[name].pixels.shape[2])
            variances, vectors = np.linalg.eigh(np.atleast_2d(np.cov(values, rowvar=False)))
            kept = variances > LEAST_VARIANCE * variances.max()
            self._bases[name] = values.mean(0), vectors[:, kept] / np.sqrt(variances[kept])

    def of(self, maps: Maps) -> np.ndarray:
        """Channels (H, W, C) float32 of maps of the same names."""
        parts = [(maps[name].pixels - mean) @ basis for name, (mean, basis) in self._bases.items()]
        return np.concatenate(parts, 2).astype(np.float32)
