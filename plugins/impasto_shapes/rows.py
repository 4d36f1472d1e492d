"""Borders between horizontal strips of a picture: given as fractions, or found where what it shows changes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from impasto.errors import ParameterError
from impasto.system.untrusted import excerpt

MOST = 12
"""Most strips that are found."""
WINDOW = 1 / 30
"""Height of the windows that are compared above and below a border, relative to the picture's."""
STANDS_OUT = 3.0
LEAST_CHANGE = 0.06
"""Least change at a border, as a multiple of the median, and at all: within one texture it is up to 0.05."""
GRADIENT_WEIGHT = 2.0


def given_rows(text: str, height: int) -> list[int]:
    """Borders in pixels from "0,0.3,1", fractions from the top. ParameterError unless they rise from 0 to 1."""
    try:
        fractions = [float(part) for part in text.split(",")]
    except ValueError:
        fractions = []
    rows = [round(fraction * height) for fraction in fractions]
    if len(rows) < 2 or not all(0 <= a < b <= height for a, b in pairwise(rows)):
        message = f"the rows {excerpt(text)} are no strips of a picture of {height} px"
        raise ParameterError(message, "give at least two rising fractions from 0 to 1, such as 0,0.25,0.6,1")
    return rows


def found_rows(color: np.ndarray, count: int) -> list[int]:
    """Borders in pixels of `count` strips of a picture (H, W, 3), or of as many as stand out if it is 0.

    Each row is described by the means, deviations and gradients of its colours; a border is where they change most
    between a window above it and one below.
    """
    height = len(color)
    window = max(1, round(WINDOW * height))
    gradient = np.abs(color - np.roll(color, 1, 1)).mean(1)
    features = np.concatenate([color.mean(1), color.std(1), GRADIENT_WEIGHT * gradient], axis=1) / 3**0.5
    sums = np.concatenate([np.zeros((1, 9)), np.cumsum(features, 0, dtype=np.float64)])
    borders = np.arange(window, height - window + 1)
    if not len(borders):
        return [0, height]
    below, above = sums[borders + window] - sums[borders], sums[borders] - sums[borders - window]
    change = np.linalg.norm(below - above, axis=1) / window
    least = -1.0 if count else max(LEAST_CHANGE, STANDS_OUT * float(np.median(change)))
    chosen: list[int] = []
    for index in np.argsort(-change, kind="stable"):
        if len(chosen) + 1 >= (count or MOST) or change[index] <= least:
            break
        if all(abs(int(borders[index]) - other) > window for other in chosen):
            chosen.append(int(borders[index]))
    return [0, *sorted(chosen), height]
