"""Groups of holes that lie close together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CELLS = 48
"""Number of cells along the longer side; holes in neighbouring cells are in one group."""


def cell_px(size: tuple[int, ...]) -> int:
    """Side of the cells of a picture."""
    return max(4, -(-max(size) // CELLS))


def groups(cells: np.ndarray) -> Iterator[np.ndarray]:
    """Connected groups (rows, columns) of cells that are not empty, diagonal neighbours included."""
    left = cells.copy()
    while left.any():
        group = np.zeros_like(cells)
        group[np.unravel_index(int(left.argmax()), left.shape)] = True
        while True:
            wide = np.pad(group, 1)
            parts = [wide[dy : dy + left.shape[0], dx : dx + left.shape[1]] for dy in range(3) for dx in range(3)]
            grown = np.any(parts, 0) & left
            if (grown == group).all():
                break
            group = grown
        left &= ~group
        yield group
