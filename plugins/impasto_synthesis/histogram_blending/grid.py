"""A grid of triangles on a torus, and the random piece of the source at each of its vertices (Heitz & Neyret 2018).

Blender's nodes use the same grid and random numbers, so a result looks the same there. Vertices are counted from the
lower left corner, and numbers come from the hash of Blender's White Noise texture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

ROW = 7 / 8
"""Distance between rows of vertices, in cells: about equilateral triangles, but rational, so that whole cells fit."""
LEAST_CELLS = 2


@dataclass(frozen=True)
class TriangleGrid:
    """Rows of vertices, each shifted by half a cell against the one below, which close around a torus.

    size_px: (height, width) of the torus. columns: cells along it. rows: an even number.
    """

    size_px: tuple[int, int]
    columns: int
    rows: int

    @classmethod
    def near(cls, size_px: tuple[int, int], cell_px: float) -> TriangleGrid:
        """A grid with cells about `cell_px` wide."""
        height, width = size_px
        columns, pairs = round(width / cell_px), round(height / (2 * ROW * cell_px))
        return cls(size_px, max(LEAST_CELLS, columns), 2 * max(1, pairs))

    @property
    def cell_px(self) -> tuple[float, float]:
        """(height of a row, width of a cell)."""
        return self.size_px[0] / self.rows, self.size_px[1] / self.columns

    def vertices(self, top: int, left: int, bottom: int, right: int) -> Iterator[tuple[int, int]]:
        """(row, column) of each vertex whose hexagon reaches into a rectangle in pixels.

        Vertex (j, i) lies at x = i + j / 2 cells from the left, and j rows above the lower border.
        """
        row_px, column_px = self.cell_px
        height = self.size_px[0]
        for j in range(int((height - bottom) // row_px) - 1, int((height - top) // row_px) + 3):
            first = int(left / column_px - j / 2) - 2
            yield from ((j, i) for i in range(first, int(right / column_px - j / 2) + 3))

    def centre_px(self, j: int, i: int) -> tuple[float, float]:
        """(y, x) of a vertex."""
        row_px, column_px = self.cell_px
        return self.size_px[0] - j * row_px, (i + j / 2) * column_px

    def on_torus(self, j: int, i: int) -> tuple[int, int]:
        """The same vertex within the first period: rows from 0, and 0 <= i + j / 2 < columns."""
        row = j % self.rows
        doubled = (2 * i + j) % (2 * self.columns)  # i + j / 2 in half cells
        return row, (doubled - row) // 2


def white_noise(x: float, y: float, z: float) -> float:
    """A number from 0 to 1: *Value* of Blender's White Noise texture in 3D.

    Bob Jenkins' hash (lookup3, 2006) of the bits of three 32-bit floats.
    """
    initial = (0xDEADBEEF + (3 << 2) + 13) & 0xFFFFFFFF
    a, b, c = ((initial + int(bits)) & 0xFFFFFFFF for bits in np.array([x, y, z], np.float32).view(np.uint32))
    c = _mix(c, b, b, 14)
    a = _mix(a, c, c, 11)
    b = _mix(b, a, a, 25)
    c = _mix(c, b, b, 16)
    a = _mix(a, c, c, 4)
    b = _mix(b, a, a, 14)
    c = _mix(c, b, b, 24)
    return c / 0xFFFFFFFF


def _mix(word: int, other: int, rotated: int, by: int) -> int:
    """(word ^ other) - (rotated <<< by), in 32 bits."""
    turned = (rotated << by | rotated >> (32 - by)) & 0xFFFFFFFF
    return ((word ^ other) - turned) & 0xFFFFFFFF


def random_point(j: int, i: int, layout: int) -> tuple[float, float]:
    """(up, right) from 0 to 1: the random numbers of a vertex in this layout."""
    return white_noise(i, j, -1 - layout), white_noise(i, j, layout)
