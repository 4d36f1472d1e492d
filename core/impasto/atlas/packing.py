"""Packing of charts of any shape on a canvas."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt

from .raster import Size

CELL_PX = 8
"""Side of the cells that shapes consist of; charts begin at multiples of it."""
FULLNESS = (0.95, 0.82, 0.7)
"""Shares of a square canvas that charts and gutters may fill: the canvas is packed at each of these widths."""


def occupied_cells(shape: np.ndarray, gutter_px: int) -> np.ndarray:
    """Cells (h, w) that a chart, a mask (H, W), occupies with a gutter around it, in whole cells on every side."""
    margin = -(-gutter_px // CELL_PX) * CELL_PX
    rows, columns = (margin + -(-side // CELL_PX) * CELL_PX - side for side in shape.shape)
    wide = np.pad(shape, ((margin, rows), (margin, columns)))
    near = distance_transform_edt(~wide) <= gutter_px
    return near.reshape(near.shape[0] // CELL_PX, CELL_PX, -1, CELL_PX).any((1, 3))


def pack(shapes: Sequence[np.ndarray]) -> tuple[list[tuple[int, int]], Size]:
    """Positions (top, left), in cells, of shapes, masks (h, w), that do not overlap, and the canvas's size in cells."""
    total, least = sum(int(shape.sum()) for shape in shapes), max(shape.shape[1] for shape in shapes)
    widths = (max(least, round((total / fullness) ** 0.5)) for fullness in FULLNESS)
    return min((_pack(shapes, width) for width in widths), key=lambda packed: math.prod(packed[1]))


def _pack(shapes: Sequence[np.ndarray], width: int) -> tuple[list[tuple[int, int]], Size]:
    """`pack` for one width: the largest shape comes first; each takes the first place from the top where it fits."""
    taken, used, places = np.zeros((1, width), np.float32), 0, [(0, 0)] * len(shapes)
    for index in sorted(range(len(shapes)), key=lambda index: -shapes[index].size):
        shape = shapes[index].astype(np.float32)
        taken = np.pad(taken, ((0, max(0, used + shape.shape[0] - len(taken))), (0, 0)))
        overlap = np.fft.irfft2(np.fft.rfft2(taken) * np.fft.rfft2(shape, taken.shape).conj(), taken.shape)
        is_free = overlap[: used + 1, : width - shape.shape[1] + 1] < 0.5
        top, left = divmod(int(is_free.argmax()), is_free.shape[1])
        taken[top : top + shape.shape[0], left : left + shape.shape[1]] += shape
        places[index], used = (top, left), max(used, top + shape.shape[0])
    return places, (used, width)
