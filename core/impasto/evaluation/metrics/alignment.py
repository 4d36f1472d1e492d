"""Where in a picture that tiles does another one begin? Those that begin alike can be compared by their patches.

A crop of tiles that begins within one shows whole joints where a crop that begins at a joint shows half of one: real
tiles, rolled by half a tile, are 1.95 times as far from their other half as that half is from them.
"""

from __future__ import annotations

import numpy as np


def best_shift(seamless: np.ndarray, crop: np.ndarray) -> tuple[int, int]:
    """Rows and columns by which to `np.roll` a seamless picture (H, W, C) to begin where a crop (h, w, C) does.

    Where the two, of the same channels and scale, correlate most. Of irregular pictures it is any shift.
    """
    window = crop[: seamless.shape[0], : seamless.shape[1]]
    size = seamless.shape[:2]
    spectra = np.fft.rfft2(seamless - seamless.mean((0, 1)), size, (0, 1))
    window_spectra = np.fft.rfft2(window - window.mean((0, 1)), size, (0, 1))
    correlation = np.fft.irfft2((spectra * window_spectra.conj()).sum(2), size)
    row, column = np.unravel_index(correlation.argmax(), size)
    return -int(row), -int(column)
