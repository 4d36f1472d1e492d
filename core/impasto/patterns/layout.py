"""Sizes of pieces, their positions on the torus, and a history of placed pieces."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError

Place = tuple[int, int]

BLOCK = 1 / 3
"""Side of a piece, relative to that of the source: large pieces need few cuts, and none shows half of the source."""
MATCHING_PX = 256
"""Approximate size of the reduced source on which pieces are compared; the source then gives the exact pixel."""
MOST_PIECES = 10_000
CONTINUES = 100.0
"""Addition to the error of a position that would only continue a neighbouring piece; errors are about 1."""


@dataclass(frozen=True)
class PieceLayout:
    """Grid of pieces, with sizes (y, x) in pixels. corners: top left corners of pieces along each axis.

    scale: factor by which the copy for comparing pieces is smaller. open_axis: axis along which the last pieces do not
    meet the first, if any: the torus is then a cylinder.
    """

    size: tuple[int, int]
    block: tuple[int, int]
    overlap: tuple[int, int]
    corners: tuple[np.ndarray, np.ndarray]
    scale: int
    open_axis: int | None = None


@dataclass(frozen=True)
class Pieces:
    """Pieces of a quilt. side_px: 0 for an automatic one. overlap: relative to the side.

    variety: from 0 for the best fit only to 1 for no part twice. keeps_lines: whether lines are features.
    spends_landmarks: whether a landmark is shown again only at a distance. open_axis: axis along which the result does
    not repeat, see `PieceLayout`.
    """

    side_px: int = 0
    overlap: float = 0.25
    variety: float = 0.5
    keeps_lines: bool = False
    spends_landmarks: bool = False
    open_axis: int | None = None


def plan(
    source: tuple[int, int], size: tuple[int, int], block_px: int, overlap: float, open_axis: int | None = None
) -> PieceLayout:
    """An even grid of overlapping pieces on a torus of `size`; pieces are at most half as large as source and torus.

    block_px: requested side of a piece, 0 for an automatic one. overlap: relative to a piece. open_axis: see
    `PieceLayout`; if the source is long enough along it, pieces there are as long as the result, which then ends at a
    whole pixel of the reduced copy. Raise ParameterError for too many pieces, or pieces that do not fit.
    """
    side = (source[0] * source[1]) ** 0.5
    scale = max(1, min(round(side / MATCHING_PX), min(*source, *size) // 32))
    grids = []
    for axis, (length, torus) in enumerate(zip(source, size, strict=True)):
        block = min(max(4, block_px or BLOCK * side), length / 2, torus / 1.5)
        if axis != open_axis:
            grids.append(_closed(torus, block, overlap, scale))
        elif torus <= length:
            grids.append((-(-torus // scale) * scale, 0, np.zeros(1, int)))
        else:
            grids.append(_open(torus, block, overlap, scale))
    (tall, down, rows), (wide, right, columns) = grids
    if (tall > source[0] and open_axis != 0) or (wide > source[1] and open_axis != 1):
        message = "the source is too small: pieces of {}x{} px do not fit into {}x{} px"
        raise ParameterError(message, "give a larger one, or leave out less of it", wide, tall, source[1], source[0])
    if len(rows) * len(columns) > MOST_PIECES:
        message = "{}x{} px would take {} pieces of {}x{} px"
        remedy = "choose a larger block_px or a smaller size, or give a larger picture"
        raise ParameterError(message, remedy, size[1], size[0], len(rows) * len(columns), wide, tall)
    torus_px = max(size[0], tall) if open_axis == 0 else size[0], max(size[1], wide) if open_axis == 1 else size[1]
    return PieceLayout(torus_px, (tall, wide), (down, right), (rows, columns), scale, open_axis)


def _closed(torus: int, length: float, overlap: float, scale: int) -> tuple[int, int, np.ndarray]:
    """Side, overlap and corners of pieces of about this length, along an axis that wraps around."""
    count = max(2, round(torus / (length * (1 - overlap)) + 0.3))
    step = -(-torus // count)
    block = int(-(-max(step + 2, step / (1 - overlap)) // scale) * scale)
    return block, block - step, np.arange(count) * torus // count


def _open(torus: int, length: float, overlap: float, scale: int) -> tuple[int, int, np.ndarray]:
    """Side, overlap and corners along an axis that does not wrap around: the last piece ends at its end."""
    block = int(-(-length // scale) * scale)
    count = 1 + max(1, math.ceil((torus - block) / (block * (1 - overlap))))
    corners = np.arange(count) * (torus - block) // (count - 1)
    return block, block - int(np.diff(corners).max()), corners


class History:
    """Pieces placed so far, and number of uses of each pixel of the reduced source (h, w).

    Penalties follow from it for pieces that continue a neighbour, repeat the layout of the source or are used often.
    """

    def __init__(self, shape: tuple[int, int], layout: PieceLayout, shortest_px: float) -> None:
        self.layout = layout
        self.uses = np.zeros(shape, np.float32)
        self.share = min(1.0, shape[0] * shape[1] * layout.scale**2 / (layout.size[0] * layout.size[1]))
        self.placed = np.zeros((0, 4), int)  # corner y, x; source y, x
        self.same_px = np.minimum(np.array(layout.block) / 2, 0.45 * shortest_px)
        """Distance below which a shifted piece counts as the same; one that is shifted by a period is different."""

    def add(self, corner: Place, source: Place, block: Place, margin: Place) -> None:
        """Record a piece of size `block` from `source` at `corner`, all (y, x); its margins are hardly shown."""
        self.placed = np.append(self.placed, [(*corner, *source)], 0)
        inner = tuple(
            slice((start + edge) // self.layout.scale, (start + side - edge) // self.layout.scale)
            for start, side, edge in zip(source, block, margin, strict=True)
        )
        self.uses[inner] += self.share

    def line(self, axis: int, at: int) -> int | None:
        """Row (axis 0) or column in the source of the first piece in the row or column `at` of the torus; or None."""
        sources = self.placed[self.placed[:, axis] == at, 2 + axis]
        return int(sources[0]) if len(sources) else None

    def uses_of_blocks(self, box: tuple[int, int]) -> np.ndarray:
        """Mean uses (h-b+1, w-d+1) in a box (b, d) at each position; 1 if all pixels are used equally."""
        sums = np.zeros((self.uses.shape[0] + 1, self.uses.shape[1] + 1))
        np.cumsum(self.uses, 0, np.float64, sums[1:, 1:])
        np.cumsum(sums[1:, 1:], 1, out=sums[1:, 1:])
        height, width = box
        boxes = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
        return (boxes / (height * width)).astype(np.float32)

    def repetition(self, corner: tuple[int, int], shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Penalties, of `shape`, for continuing neighbours of `corner`, and numbers of pieces in the same layout."""
        penalty, familiar = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        placed, size = self.placed, np.array(self.layout.size)
        apart = (np.array(corner) - placed[:, :2] + size // 2) % size - size // 2
        near = (np.abs(apart) < self.layout.block).all(1)
        centers = (placed[:, 2:] + apart) / self.layout.scale
        radii = np.where(near[:, None], self.same_px, self.same_px / 4) / self.layout.scale
        lows = np.maximum(np.ceil(centers - radii), 0).astype(int)
        highs = np.maximum(np.floor(centers + radii) + 1, 0).astype(int)
        for index in np.flatnonzero(((lows < shape) & (highs > 0)).all(1)):
            layer, amount = (penalty, CONTINUES) if near[index] else (familiar, 1)
            low, high = lows[index], highs[index]
            layer[low[0] : high[0], low[1] : high[1]] += amount
        return penalty, familiar
