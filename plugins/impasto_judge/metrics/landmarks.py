"""Landmarks of a tile, which reveal its repeats; and the layout that it shares with its source.

Pictures are (H, W, C), with channels of about equal weight.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.fft import irfft2, rfft2
from scipy.ndimage import maximum_filter, uniform_filter

from impasto.numerics.statistics import LANDMARKS, circular_blur, in_deviations

LAYOUT = 1 / 32
REDUCTION = 2
"""Factor by which pictures are reduced before places are compared."""
UNLIKE, ALIKE = 0.7, 0.8
"""Correlations, about the mean colour: below the first, places differ; above the second, the eye takes them for one."""
MOST_LANDMARKS = 12


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


class Repeats(NamedTuple):
    """Landmarks of a photograph in a result: how many it has, how many of them are seen twice or more, and how often.

    nearest_px: least distance of two copies of one; infinite where nothing is seen twice.
    """

    landmarks: int
    repeated: int
    most: int
    nearest_px: float


def repeats(result: np.ndarray, source: np.ndarray, side_px: int = 40) -> Repeats:
    """Copies in the result (a torus) of squares of `side_px` that stand out from the source and are like nothing in it.

    Like nothing: less than 0.7 correlated with the rest. Seen: more than 0.8, also turned by quarters and mirrored.
    """
    mean, side = source.mean((0, 1)), side_px // REDUCTION
    known, target = (_reduced(picture - mean) for picture in (source, result))
    shape = np.array(target.shape[:2])
    energy = uniform_filter(np.square(known).sum(2), side, origin=-(side // 2))[: 1 - side, : 1 - side]
    found, nearest_px = list[int](), np.inf
    while energy.any() and len(found) < MOST_LANDMARKS:
        y, x = np.unravel_index(energy.argmax(), energy.shape)
        around = slice(max(0, y - side), y + side + 1), slice(max(0, x - side), x + side + 1)
        energy[around] = 0
        patch = known[y : y + side, x : x + side]
        elsewhere = _likeness(patch, known)[: 1 - side, : 1 - side]
        elsewhere[around] = 0
        if elsewhere.max() < UNLIKE:
            places = _peaks(_likeness(patch, target), side)
            apart = places[:, None] - places
            distances = np.hypot(*((apart + shape // 2) % shape - shape // 2).T)
            nearest_px = min(nearest_px, REDUCTION * float(distances[distances > 0].min(initial=np.inf)))
            found.append(len(places))
    return Repeats(len(found), sum(count > 1 for count in found), max(found, default=0), nearest_px)


def _reduced(picture: np.ndarray) -> np.ndarray:
    """Picture (H, W, C), without odd last rows and columns, as means of squares of `REDUCTION`."""
    height, width = (side // REDUCTION for side in picture.shape[:2])
    cut = picture[: height * REDUCTION, : width * REDUCTION]
    return cut.reshape(height, REDUCTION, width, REDUCTION, -1).mean((1, 3), dtype=np.float32)


def _likeness(patch: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Largest correlation (H, W) of a patch (n, n, C), turned and mirrored, with each place of a picture, a torus."""
    spectrum = rfft2(picture, axes=(0, 1))
    box = rfft2(np.ones(patch.shape[:2], np.float32), picture.shape[:2]).conj()
    energy = irfft2(rfft2(np.square(picture).sum(2)) * box, picture.shape[:2]) * np.square(patch).sum()
    best = np.full(picture.shape[:2], -np.inf, np.float32)
    for turns, step in product(range(4), (1, -1)):
        turned = rfft2(np.rot90(patch, turns)[:, ::step], picture.shape[:2], axes=(0, 1)).conj()
        best = np.maximum(best, irfft2((spectrum * turned).sum(2), picture.shape[:2]))
    return best / np.sqrt(energy.clip(1e-6))


def _peaks(likeness: np.ndarray, side: int) -> np.ndarray:
    """Places (n, 2) of the highest values above `ALIKE`, at least half a side apart, on a torus."""
    highest = maximum_filter(likeness, side, mode="wrap")
    return np.argwhere((likeness == highest) & (likeness > ALIKE))
