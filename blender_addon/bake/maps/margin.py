# SPDX-License-Identifier: GPL-3.0-or-later
"""Neighbourhoods of pixels in NumPy: sums over windows, means of blocks, and a margin of pixels that is drawn out."""

from __future__ import annotations

import itertools

import numpy as np


def box_sums(values: np.ndarray, half_px: int) -> np.ndarray:
    """Sums of values (H, W) over windows of 2 · half_px + 1 pixels, zero beyond the border."""
    height, width = values.shape
    padded, sums = np.pad(values, half_px), np.zeros_like(values)
    for top, left in itertools.product(range(2 * half_px + 1), repeat=2):
        sums += padded[top : top + height, left : left + width]
    return sums


def block_means(pixels: np.ndarray, side_px: int) -> np.ndarray:
    """Means (H / side, W / side, C) of square blocks of pixels (H, W, C), weighted by the last channel, their alpha.

    The values of pixels where it is partial are premultiplied, as Blender's margins are.
    """
    if side_px == 1:
        return pixels
    height, width, channels = pixels.shape
    blocks = pixels.reshape(height // side_px, side_px, width // side_px, side_px, channels)
    return blocks.mean((1, 3), dtype=np.float32)


def draw_out(values: np.ndarray, covered: np.ndarray, margin_px: int) -> np.ndarray:
    """Give uncovered pixels of values (H, W, C), up to margin_px away, a covered neighbour's value, never a blend.

    Works in place, from the border of what is covered outwards; returns where pixels are covered then.
    """
    height, width = covered.shape
    row = width + 2  # a frame of one pixel, which counts as reached
    reached = np.pad(covered, 1, constant_values=True).ravel()
    origin = np.pad(np.arange(height * width).reshape(height, width), 1).ravel()
    border = np.flatnonzero(np.pad(covered, 1))
    for _ in range(margin_px):
        found = []
        for step in (1, -1, row, -row, row + 1, row - 1, 1 - row, -1 - row):
            is_new = ~reached[border + step]
            new = border[is_new] + step
            reached[new], origin[new] = True, origin[border[is_new]]
            found.append(new)
        border = np.concatenate(found)
        if not border.size:
            break
    inside = (slice(1, -1), slice(1, -1))
    now = reached.reshape(height + 2, row)[inside]
    added = now & ~covered
    values[added] = values.reshape(height * width, -1)[origin.reshape(height + 2, row)[inside][added]]
    return now
