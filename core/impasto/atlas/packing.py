"""Packing of charts of any shape on a canvas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt

from .raster import Size

CELL_PX = 8
"""Side of the cells that shapes consist of; charts begin at multiples of it."""
FULLNESS = 0.8
"""Typical share of the canvas that charts and gutters fill; it determines the width of the canvas."""


def occupied_cells(shape: np.ndarray, gutter_px: int) -> np.ndarray:
    """Cells (h, w) that a chart, a mask (H, W), occupies with a gutter around it, in whole cells on every side."""
    margin = -(-gutter_px // CELL_PX) * CELL_PX
    rows, columns = (margin + -(-side // CELL_PX) * CELL_PX - side for side in shape.shape)
    wide = np.pad(shape, ((margin, rows), (margin, columns)))
    near = distance_transform_edt(~wide) <= gutter_px
    return near.reshape(near.shape[0] // CELL_PX, CELL_PX, -1, CELL_PX).any((1, 3))


def pack(shapes: Sequence[np.ndarray]) -> tuple[list[tuple[int, int]], Size]:
    """Positions (top, left), in cells, of shapes, masks (h, w), without overlaps, and the size of the canvas in cells.

    The largest shape comes first; each takes the first position from the top and the left where it fits.
    """
    from scipy.signal import fftconvolve  # takes a second to import, and few runs need it

    total = sum(int(shape.sum()) for shape in shapes)
    width = max(max(shape.shape[1] for shape in shapes), round((total / FULLNESS) ** 0.5))
    taken = np.zeros((1, width), np.float32)
    places = [(0, 0)] * len(shapes)
    used = 0
    for index in sorted(range(len(shapes)), key=lambda index: -shapes[index].size):
        shape = shapes[index].astype(np.float32)
        taken = np.pad(taken, ((0, max(0, used + shape.shape[0] - len(taken))), (0, 0)))
        overlap = fftconvolve(taken, shape[::-1, ::-1], "valid")
        top, left = divmod(int((overlap < 0.5).argmax()), overlap.shape[1])
        taken[top : top + shape.shape[0], left : left + shape.shape[1]] += shape
        places[index] = top, left
        used = max(used, top + shape.shape[0])
    return places, (used, width)
