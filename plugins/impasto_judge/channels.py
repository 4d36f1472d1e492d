"""Maps as channels of about equal weight."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from impasto.texture import MAP_CHANNELS, Maps


class ScaledChannels:
    """All channels of maps, divided by the deviations of real ones, so that all maps count equally."""

    def __init__(self, names: tuple[str, ...], real: Sequence[Maps]) -> None:
        self.names = names
        pixels = [[maps[name].pixels.reshape(-1, MAP_CHANNELS[name]) for maps in real] for name in names]
        values = [np.concatenate(parts) for parts in pixels]
        self.mean = [value.mean(0) for value in values]
        self.deviation = [max(float((value - value.mean(0)).std()), 1e-6) for value in values]

    def of(self, maps: Maps) -> np.ndarray:
        """Channels (H, W, C) of maps with the same names."""
        parts = [
            (maps[name].pixels - mean) / deviation
            for name, mean, deviation in zip(self.names, self.mean, self.deviation, strict=True)
        ]
        return np.concatenate(parts, 2)

    def luminances(self, maps: Maps) -> np.ndarray:
        """One channel per map, the mean of its channels, (H, W, M)."""
        return np.concatenate([maps[name].pixels.mean(2, keepdims=True) for name in self.names], 2)
