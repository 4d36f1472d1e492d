"""Image quilting as in the paper (Efros & Freeman 2001), for comparison: without a torus or a record of used pieces."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

TOLERANCE = 0.1


def quilt(source: np.ndarray, size_px: int, block_px: int, rng: np.random.Generator) -> np.ndarray:
    """A square of `size_px` from pieces of source (H, W, C) that overlap by a sixth, cut along the best paths."""
    overlap = block_px // 6
    step = block_px - overlap
    count = -(-(size_px - overlap) // step)
    made = np.zeros((count * step + overlap,) * 2 + source.shape[2:], np.float32)
    for row in range(count):
        for column in range(count):
            y, x = row * step, column * step
            there = made[y : y + block_px, x : x + block_px]
            known = np.zeros((block_px, block_px), bool)
            known[:overlap] |= row > 0
            known[:, :overlap] |= column > 0
            block = _choose(source, there, known, rng)
            mask = np.ones((block_px, block_px), bool)
            error = ((there - block) ** 2).sum(2)
            if column:
                mask[:, :overlap] &= _right_of_path(error[:, :overlap])
            if row:
                mask[:overlap] &= _right_of_path(error[:overlap].T).T
            there[mask] = block[mask]
    return made[:size_px, :size_px]


def _choose(source: np.ndarray, there: np.ndarray, known: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random block among those whose overlap error is within the tolerance of the best."""
    side = known.shape[0]
    rows, columns = (length - side + 1 for length in source.shape[:2])
    if not known.any():
        y, x = rng.integers(rows), rng.integers(columns)
        return source[y : y + side, x : x + side]
    padded = (rows + side - 1, columns + side - 1)
    error = np.zeros((rows, columns))
    mask = np.fft.rfft2(known.astype(float), padded).conj()
    for channel in range(source.shape[2]):
        plane = source[..., channel].astype(float)
        template = np.fft.rfft2(there[..., channel] * known, padded).conj()
        squares = np.fft.irfft2(np.fft.rfft2(plane**2) * mask, padded)
        products = np.fft.irfft2(np.fft.rfft2(plane) * template, padded)
        error += (squares - 2 * products)[:rows, :columns] + ((there[..., channel] * known) ** 2).sum()
    best = max(float(error.min()), 1e-6)
    choices = np.argwhere(error <= best * (1 + TOLERANCE))
    y, x = choices[rng.integers(len(choices))]
    return sliding_window_view(source, (side, side), (0, 1))[y, x].transpose(1, 2, 0)


def _right_of_path(error: np.ndarray) -> np.ndarray:
    """Pixels to the right of the path of least error (H, W) from top to bottom, by dynamic programming."""
    cost = error.copy()
    for y in range(1, len(cost)):
        above = np.pad(cost[y - 1], 1, constant_values=np.inf)
        cost[y] += np.minimum(np.minimum(above[:-2], above[1:-1]), above[2:])
    right = np.zeros(error.shape, bool)
    x = int(cost[-1].argmin())
    for y in range(len(cost) - 1, -1, -1):
        right[y, x:] = True
        if y:
            low = max(x - 1, 0)
            x = low + int(cost[y - 1, low : x + 2].argmin())
    return right
