"""Maps as channels of about equal weight, whatever maps there are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..texture import Maps

LEAST_VARIANCE = 0.01
"""Share of a map's variance below which a principal component of it is left out."""


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
