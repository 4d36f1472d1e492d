"""Monotone cubic interpolation (Fritsch & Carlson 1980)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def monotone_cubic(y: np.ndarray) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The curve through values y at equal steps from 0 to 1, as a function: its value and derivative at x in [0, 1].

    It rises and falls only where the points do.
    """
    intervals = len(y) - 1
    secants = np.diff(y) * intervals
    before, after = secants[:-1], secants[1:]
    inner = np.where(before * after > 0, 2 * before * after / np.where(before + after == 0, 1, before + after), 0)
    m = np.concatenate([secants[:1], inner, secants[-1:]]) / intervals  # tangents, the harmonic means of secants

    def curve(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place = np.clip(x, 0, 1) * intervals
        k = np.minimum(place.astype(int), intervals - 1)
        t = place - k
        a, b, ma, mb = y[k], y[k + 1], m[k], m[k + 1]
        value = a + t * (ma + t * (3 * (b - a) - 2 * ma - mb + t * (2 * (a - b) + ma + mb)))
        slope = ma + t * (2 * (3 * (b - a) - 2 * ma - mb) + 3 * t * (2 * (a - b) + ma + mb))
        return np.clip(value, 0, 1).astype(np.float32), (slope * intervals).astype(np.float32)

    return curve
