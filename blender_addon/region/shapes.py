# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes as masks in NumPy: strokes, polygons and triangles. No bpy.

Positions are (x, y) in pixels from the upper left corner; the centre of a pixel has halves. Masks are bool (H, W), row
0 at the top. A mask that wraps continues on the opposite side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..core.atlas.raster import NONE, rasterization

Position = tuple[float, float]
Size = tuple[int, int]
"""(height, width) in pixels."""


def stroke(mask: np.ndarray, start: Position, end: Position, radius_px: float, value: bool, wraps: bool) -> None:
    """Write `value` into the mask wherever a round brush passes between two positions."""
    low, high = np.minimum(start, end) - radius_px, np.maximum(start, end) + radius_px
    for rows, columns, shift in _windows(mask.shape, low, high, wraps):
        y, x = np.ogrid[rows, columns]
        x, y = x + (0.5 + shift[0] - start[0]), y + (0.5 + shift[1] - start[1])
        along_x, along_y = end[0] - start[0], end[1] - start[1]
        length = along_x**2 + along_y**2
        share = np.clip((x * along_x + y * along_y) / length, 0, 1) if length else 0.0
        near = (x - share * along_x) ** 2 + (y - share * along_y) ** 2 <= max(radius_px, 0.71) ** 2
        mask[rows, columns][near] = value


def polygon(size_px: Size, corners: Sequence[Position], wraps: bool = False) -> np.ndarray:
    """Mask of a closed polygon; where it crosses itself, by the even-odd rule."""
    mask = np.zeros(size_px, bool)
    points = np.array(corners, float).reshape(-1, 2)
    if len(points) < 3:
        return mask
    for rows, columns, shift in _windows(size_px, points.min(0), points.max(0), wraps):
        mask[rows, columns] |= _even_odd(points - shift, rows, columns)
    return mask


def _even_odd(points: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    """Mask of a polygon (N, 2) within a window."""
    height, width = rows.stop - rows.start, columns.stop - columns.start
    crossings = np.zeros((height, width + 1), np.int32)
    line = np.arange(rows.start, rows.stop) + 0.5
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, 0), strict=True):
        crossed = np.flatnonzero((line >= min(y0, y1)) & (line < max(y0, y1)))
        if len(crossed):
            x = x0 + (line[crossed] - y0) / (y1 - y0) * (x1 - x0)
            first = np.ceil(x - 0.5).astype(int) - columns.start
            np.add.at(crossings, (crossed, first.clip(0, width)), 1)
    return crossings.cumsum(1)[:, :-1] % 2 == 1


def _windows(
    size_px: Size, low: np.ndarray, high: np.ndarray, wraps: bool
) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Parts of the mask that a box covers: rows, columns, and the shift of the tile that they stand for."""
    height, width = size_px
    tiles = [range(int(low[i] // side), int(high[i] // side) + 1) for i, side in enumerate((width, height))]
    for across in tiles[0] if wraps else (0,):
        for down in tiles[1] if wraps else (0,):
            shift = np.array((across * width, down * height), float)
            left, top = np.clip(np.floor(low - shift), 0, (width, height)).astype(int)
            right, bottom = np.clip(np.ceil(high - shift) + 1, 0, (width, height)).astype(int)
            if left < right and top < bottom:
                yield slice(int(top), int(bottom)), slice(int(left), int(right)), shift


def triangles(size_px: Size, corners: np.ndarray, labels: np.ndarray, wraps: bool = True) -> np.ndarray:
    """Labels int32 (H, W) of triangles (T, 3, 2) with labels (T,); 0 where there is none.

    A pixel belongs to a triangle if its centre lies in it; of triangles that overlap, to the last.
    """
    if not len(corners):
        return np.zeros(size_px, np.int32)
    found, _ = rasterization(corners[::-1], size_px, wraps=wraps)
    return np.where(found == NONE, 0, labels[::-1][found]).astype(np.int32)
