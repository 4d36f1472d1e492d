# SPDX-License-Identifier: GPL-3.0-or-later
"""Neighbourhoods of pixels in NumPy: sums over a window, and a margin of pixels drawn out as they are."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

STEPS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))


def box_sums(values: np.ndarray, half_px: int) -> np.ndarray:
    """Sums of values (H, W) over windows of 2 · half_px + 1 pixels, zero beyond the border."""
    import numpy as np

    height, width = values.shape
    padded, sums = np.pad(values, half_px), np.zeros_like(values)
    for top, left in itertools.product(range(2 * half_px + 1), repeat=2):
        sums += padded[top : top + height, left : left + width]
    return sums


def draw_out(values: np.ndarray, covered: np.ndarray, margin_px: int) -> np.ndarray:
    """Give uncovered pixels of values (H, W, C), up to margin_px away, a covered neighbour's value, never a blend.

    Works in place; returns where pixels are covered then.
    """
    import numpy as np

    for _ in range(margin_px):
        before, reached = covered, covered.copy()
        for down, right in STEPS:
            source, target = _overlap(down, right)
            new = before[source] & ~reached[target]
            values[target][new] = values[source][new]
            reached[target] |= new
        if np.array_equal(reached, before):
            break
        covered = reached
    return covered


def _overlap(down: int, right: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of pixels, and of those that lie this far from them."""
    return (_part(-down), _part(-right)), (_part(down), _part(right))


def _part(step: int) -> slice:
    return slice(max(0, step), min(0, step) or None)
