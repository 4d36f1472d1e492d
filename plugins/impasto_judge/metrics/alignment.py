"""Alignment of a seamless picture with a crop, so that patches are compared at the same phase of a pattern.

A crop that begins inside a tile shows whole joints, one that begins at a joint shows half of it: the distance between
the two halves of a picture of real tiles grows 1.95-fold if one of them is rolled by half a tile.
"""

from __future__ import annotations

import numpy as np


def best_shift(seamless: np.ndarray, crop: np.ndarray) -> tuple[int, int]:
    """Shift (rows, columns) by which to `np.roll` a seamless picture (H, W, C) to align it with a crop (h, w, C).

    The shift of the highest correlation; arbitrary for irregular pictures. Both have the same channels and scale.
    """
    window = crop[: seamless.shape[0], : seamless.shape[1]]
    size = seamless.shape[:2]
    spectra = np.fft.rfft2(seamless - seamless.mean((0, 1)), size, (0, 1))
    window_spectra = np.fft.rfft2(window - window.mean((0, 1)), size, (0, 1))
    correlation = np.fft.irfft2((spectra * window_spectra.conj()).sum(2), size)
    row, column = np.unravel_index(correlation.argmax(), size)
    return -int(row), -int(column)
