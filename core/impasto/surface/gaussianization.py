"""Maps with Gaussian histograms, and look-up tables that invert them, for histogram-preserving blending.

Heitz & Neyret 2018, "High-performance by-example noise using a histogram-preserving blending operator". Each
decorrelated component is transformed separately (Deliot & Heitz 2019). The Gaussian is truncated, so that no value of
the source is lost (Burley 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..texture import NORMAL_MAPS, Texture
from .heights import normal_from_slopes, slopes_from_normal

LIMIT = 3.0
"""Truncation of the Gaussian, in standard deviations."""
ENTRIES = 4096
"""Length of the tables: heights of 12 bits, without interpolation."""
BINS = 1 << 16
"""Number of bins for sorting values: as many as a 16-bit picture has values."""
LEAST_RANGE = 1e-6
"""Range of a component below which it counts as constant."""


@dataclass(frozen=True)
class GaussianMap:
    """Components of a map with Gaussian histograms, and their tables.

    values: (C, H, W) float32, mean 0, variance 1, within `LIMIT`. lookup: (C, ENTRIES, K) float32, the contribution of
    each component to the K coordinates of the map (slopes for normals, else its channels), for values from -LIMIT to
    LIMIT; contributions of all components are added. lowest, highest: (K,), limits of the source's coordinates.
    """

    name: str
    values: np.ndarray
    lookup: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray

    def to_map(self, coordinates: np.ndarray) -> np.ndarray:
        """Pixels (H, W, C) from coordinates (H, W, K), which are clipped in place to the range of the source."""
        np.clip(coordinates, self.lowest, self.highest, out=coordinates)
        return normal_from_slopes(coordinates) if self.name in NORMAL_MAPS else coordinates


def gaussianize(name: str, texture: Texture) -> GaussianMap:
    """Gaussian components of a map: principal components of colours, slopes of normals, else the values themselves."""
    coordinates = slopes_from_normal(texture.pixels) if name in NORMAL_MAPS else texture.pixels  # (H, W, K)
    height, width, count = coordinates.shape
    lowest, highest = coordinates.min((0, 1)), coordinates.max((0, 1))
    mean, axes = _principal_axes(coordinates.reshape(-1, count))
    components = (coordinates - mean) @ axes  # (H, W, C)
    values = np.empty((count, height, width), np.float32)
    lookup = np.empty((count, ENTRIES, count), np.float32)
    for index in range(count):
        values[index], table = _gaussianized_component(components[..., index])
        lookup[index] = table[:, None] * axes[:, index] + mean / count
    return GaussianMap(name, values, lookup, lowest, highest)


def _principal_axes(coordinates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (K,) and principal axes (K, K), in columns, of colours (N, K); other coordinates keep their axes."""
    count = coordinates.shape[1]
    if count < 3:
        return np.zeros(count, np.float32), np.eye(count, dtype=np.float32)
    mean = coordinates.mean(0, dtype=np.float64).astype(np.float32)
    centred = coordinates - mean
    _, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes *= np.where(axes.sum(0) < 0, -1, 1)  # the brighter of both directions, so that all machines agree
    return mean, axes.astype(np.float32)


def _gaussianized_component(component: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A component (H, W) with a Gaussian histogram, and the table (ENTRIES,) of its values.

    Equal values stay equal, because they get their mean rank. Heitz & Neyret sort them in any order, which would turn a
    flat area into noise.
    """
    low, high = float(component.min()), float(component.max())
    if high - low < LEAST_RANGE:
        return np.zeros_like(component), np.full(ENTRIES, (low + high) / 2, np.float32)
    step = (high - low) / (BINS - 1)
    bins = ((component - low) * np.float32(1 / step) + np.float32(0.5)).astype(np.int32).clip(0, BINS - 1)
    counts = np.bincount(bins.ravel(), minlength=BINS)
    shares = counts / counts.sum()
    below = shares.cumsum()
    beyond = float(torch.special.ndtr(torch.tensor(-LIMIT, dtype=torch.float64)))
    levels = torch.special.ndtri(torch.from_numpy(beyond + (1 - 2 * beyond) * (below - shares / 2)).clamp(0, 1))
    entries = torch.special.ndtr(torch.linspace(-LIMIT, LIMIT, ENTRIES, dtype=torch.float64)).numpy()
    quantiles = np.searchsorted(below, (entries - beyond) / (1 - 2 * beyond)).clip(0, BINS - 1)
    return levels.float().clamp(-LIMIT, LIMIT).numpy()[bins], (low + step * quantiles).astype(np.float32)
