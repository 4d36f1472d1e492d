# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiles of an image (UDIM) as the image editor shows them: cells of one picture, on which regions are painted. No bpy.

An image that is not tiled is one cell, of the number 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..core.udim import square
from .shapes import Size

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
