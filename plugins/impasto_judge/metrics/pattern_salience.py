"""Salience of a tile's patches, by colour and by contrast in each octave: salient patches make repeats visible.

Landmarks (see `landmarks`) differ from the rest in brightness or colour. A group of scratches in plaster does not, and
yet its repeats are as visible. So are those of clouds of colour that are stronger than in the original.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from impasto.numerics.statistics import LANDMARKS, circular_blur
from impasto.surface.resizing import resize, scaled_size

from .landmarks import blurred_crops

SEEN_PX = 256
"""A tile is first shrunk to this shorter side, its size when 4 x 4 tiles fill a screen."""
OCTAVES = 4
LEAST_CHANGE = 0.05
"""Smaller changes of a channel, or of its contrast in an octave, relative to its deviation, are never salient."""


class PatternSalience:
    """Salience of tiles relative to real crops of the same size, for pictures (H, W, C) with equal channels."""

    def __init__(self, real: Sequence[np.ndarray]) -> None:
        self._real = list(real)
        self._known: dict[tuple[int, int], list[tuple[np.ndarray, float]]] = {}

    def of_crop(self, tile: np.ndarray) -> tuple[float, float]:
        """Salience of a tile's most salient low-passed patch, and its drift, each relative to real crops'.

        Salience is the largest deviation of a feature from its mean over the tile, in deviations of the real crops'
        features. Drift is the deviation of colours. The worse of two scales counts, and the colour that drifts most.
        Crops have 1; at most 1.1 is good.
        """
        ratio = min(1.0, SEEN_PX / min(tile.shape[:2]))
        small = _shrunk(tile, ratio)
        size_px = _common_size([small, *(_shrunk(one, ratio) for one in self._real)])
        if size_px not in self._known:
            self._known[size_px] = self._measure([_shrunk(one, ratio) for one in self._real], size_px)
        features, channels = _with_octaves(small), tile.shape[2]
        salient, drift = [], []
        for scale, (sigma, usual) in zip(LANDMARKS, self._known[size_px], strict=True):
            smooth = circular_blur(features, scale * min(size_px))
            deviations = (smooth - smooth.mean((0, 1))) / sigma
            salient.append(float(np.abs(deviations).max()) / usual)
            drift.append(float(np.sqrt(np.square(deviations).mean((0, 1)))[:channels].max()))
        return max(salient), max(drift)

    def _measure(self, real: Sequence[np.ndarray], size_px: tuple[int, int]) -> list[tuple[np.ndarray, float]]:
        """For each scale: the deviations of real crops' features, and the mean salience of these crops."""
        features = [_with_octaves(one) for one in real]
        channels = np.sqrt(np.mean([np.square(one).mean((0, 1)) for one in real], 0))
        least = LEAST_CHANGE * np.tile(channels, OCTAVES + 1)
        found = []
        for scale in LANDMARKS:
            crops = [crop for one in features for crop in blurred_crops(one, size_px, scale * min(size_px))]
            crops = [crop - crop.mean((0, 1)) for crop in crops]
            sigma = np.maximum(np.sqrt(np.mean([np.square(crop).mean((0, 1)) for crop in crops], 0)), least)
            found.append((sigma, float(np.mean([np.abs(crop / sigma).max() for crop in crops]))))
        return found


def _shrunk(picture: np.ndarray, ratio: float) -> np.ndarray:
    return resize(picture, scaled_size(picture.shape, ratio)) if ratio < 1 else picture


def _common_size(pictures: Sequence[np.ndarray]) -> tuple[int, int]:
    height, width = (min(one.shape[axis] for one in pictures) for axis in (0, 1))
    return height, width


def _with_octaves(picture: np.ndarray) -> np.ndarray:
    """The channels of a picture (H, W, C), with their magnitudes in each of the finest octaves."""
    parts, rest = [picture], picture
    for octave in range(OCTAVES):
        smooth = circular_blur(rest, 2.0**octave)
        parts.append(np.abs(rest - smooth))
        rest = smooth
    return np.concatenate(parts, 2)
