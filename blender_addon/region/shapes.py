# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes as masks in NumPy (strokes, polygons, triangles), and the grid of an image's UDIM tiles. No bpy.

Positions are (x, y) in pixels from the upper left corner; the centre of a pixel has halves. Masks are bool (H, W), row
0 at the top. A mask that wraps continues on the opposite side. The image editor shows UDIM tiles as cells of one
picture, on which regions are painted; an image that is not tiled is one cell, of the number 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..core.atlas.raster import NONE, rasterization
from ..core.udim import square

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


MOST_PX = 2**26
"""Pixels of the picture of all tiles: where they lie far apart, its cells have fewer than the tiles."""


@dataclass(frozen=True)
class TileGrid:
    """Cells of one size for all tiles from the first column and the lowest row on, also for those that are missing.

    sizes_px: (height, width) of each tile by number.
    """

    sizes_px: Mapping[int, Size]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        columns, rows = zip(*(_square(number) for number in self.sizes_px), strict=True)
        return max(rows) + 1, max(columns) + 1

    @property
    def cell_px(self) -> Size:
        """(height, width) of a cell: that of the largest tile, unless there would be too many pixels."""
        rows, columns = self.shape
        height, width = (max(sides) for sides in zip(*self.sizes_px.values(), strict=True))
        share = min(1.0, (MOST_PX / (rows * columns * height * width)) ** 0.5) if len(self.sizes_px) > 1 else 1.0
        return max(1, int(height * share)), max(1, int(width * share))

    @property
    def size_px(self) -> Size:
        """(height, width) of the picture."""
        (rows, columns), (height, width) = self.shape, self.cell_px
        return rows * height, columns * width

    def split(self, mask: np.ndarray) -> dict[int, np.ndarray]:
        """The part of a picture (H, W) that lies on each tile, by number, at the tile's size."""
        return {number: resize(mask[self._cell(number)], size) for number, size in self.sizes_px.items()}

    def joined(self, parts: Mapping[int, np.ndarray]) -> np.ndarray:
        """The picture (H, W) of parts by number, as `on_tiles` chooses them."""
        found = np.zeros(self.size_px, next(iter(parts.values())).dtype)
        for number, part in self.on_tiles(parts).items():
            found[self._cell(number)] = resize(part, self.cell_px)
        return found

    def on_tiles(self, parts: Mapping[int, np.ndarray]) -> dict[int, np.ndarray]:
        """Parts of another image at the size of each tile; one that is not tiled lies on each, a missing one is 0."""
        nothing = np.zeros_like(next(iter(parts.values())))
        return {
            number: resize(parts.get(number, parts.get(0 if number else min(parts), nothing)), size)
            for number, size in self.sizes_px.items()
        }

    def corners(self, number: int, uvs: np.ndarray) -> np.ndarray:
        """UVs (T, 3, 2) in the pixels of a tile, from its upper left corner."""
        height, width = self.sizes_px[number]
        return (uvs - _square(number)) * (width, -height) + (0, height)

    def _cell(self, number: int) -> tuple[slice, slice]:
        (column, row), (height, width) = _square(number), self.cell_px
        top, left = (self.shape[0] - 1 - row) * height, column * width
        return slice(top, top + height), slice(left, left + width)


def _square(number: int) -> tuple[int, int]:
    """Column and row of a tile."""
    return square(number) if number else (0, 0)


def resize(mask: np.ndarray, size: Size) -> np.ndarray:
    """A mask at another size, by the nearest pixels."""
    if mask.shape[:2] == size:
        return mask
    rows, columns = (np.arange(new) * old // new for new, old in zip(size, mask.shape[:2], strict=True))
    return mask[np.ix_(rows, columns)]
