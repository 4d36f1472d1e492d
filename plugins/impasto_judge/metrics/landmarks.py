"""Landmarks of a tile, which reveal its repeats; and the layout that it shares with its source.

Pictures are (H, W, C), with channels of about equal weight.
"""

from __future__ import annotations

import numpy as np

from impasto.numerics.statistics import LANDMARKS, circular_blur, in_deviations

LAYOUT = 1 / 32


def blurred_crops(source: np.ndarray, size_px: tuple[int, int], deviation_px: float) -> list[np.ndarray]:
    """Up to 3x3 crops of the low-passed source, which is reflected at its borders."""
    pad = [min(side - 1, int(np.ceil(3 * deviation_px))) for side in source.shape[:2]]
    wide = np.pad(source, ((pad[0],) * 2, (pad[1],) * 2, (0, 0)), mode="reflect")
    smooth = circular_blur(wide, deviation_px)
    spare = [full - part for full, part in zip(source.shape[:2], size_px, strict=True)]
    places = [np.unique(np.linspace(0, side, 3).astype(int)) for side in spare]
    return [
        smooth[pad[0] + y : pad[0] + y + size_px[0], pad[1] + x : pad[1] + x + size_px[1]]
        for y in places[0]
        for x in places[1]
    ]


def salience(tile: np.ndarray, source: np.ndarray) -> tuple[float, float]:
    """Salience of a tile's most salient low-passed patch, in deviations of the source's, and the mean of real crops'.

    Salience is the largest deviation of a channel from the tile's mean, at the more salient of two scales. Crops have
    the tile's size, or if the source is smaller, its size; then salience is the mean over parts of the tile.
    """
    height, width = (min(sides) for sides in zip(tile.shape[:2], source.shape[:2], strict=True))
    found, real = [], []
    for scale in LANDMARKS:
        deviation_px = scale * min(height, width)
        crops = [crop - crop.mean((0, 1)) for crop in blurred_crops(source, (height, width), deviation_px)]
        sigma = np.sqrt(np.mean([crop**2 for crop in crops], (0, 1, 2)))
        smooth = circular_blur(tile, deviation_px)
        parts = _parts(smooth - smooth.mean((0, 1)), (height, width))
        found.append(float(np.mean([in_deviations(part, sigma).max() for part in parts])))
        real.append(float(np.mean([in_deviations(crop, sigma).max() for crop in crops])))
    scale = int(np.argmax(np.divide(found, real)))
    return found[scale], real[scale]


def _parts(tile: np.ndarray, size_px: tuple[int, int]) -> list[np.ndarray]:
    """Disjoint parts of a tile, as many as fit."""
    (height, width), (rows, columns) = tile.shape[:2], size_px
    return [
        tile[y : y + rows, x : x + columns]
        for y in range(0, height - rows + 1, rows)
        for x in range(0, width - columns + 1, columns)
    ]


def layout_correlation(result: np.ndarray, source: np.ndarray) -> float:
    """Correlation of the low-passed result with the source in place: 1 where the layout was kept, about 0 if it is new.

    They are compared at equal texel size, from the upper left corner.
    """
    height, width = (min(sides) for sides in zip(result.shape[:2], source.shape[:2], strict=True))
    smooth = [circular_blur(one[:height, :width], LAYOUT * min(height, width)) for one in (result, source)]
    a, b = (values - values.mean((0, 1)) for values in smooth)
    return float((a * b).sum() / max(np.sqrt((a * a).sum() * (b * b).sum()), 1e-12))
