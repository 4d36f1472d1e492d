"""Sizes of pieces, their places on the torus, and their phase in a periodic pattern."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from ..errors import ParameterError
from ..regularity.bond import Sublattice

BLOCK = 1 / 3
"""Side of a piece, relative to the source's: large pieces need few cuts, and none shows half of the photograph."""
MATCHING_PX = 256
"""Approximate size of the source's copy on which pieces are compared; the source itself then gives the exact pixel."""
MOST_PIECES = 10_000
OUT_OF_PHASE = 1e5
TOLERANCE = 0.04
"""Largest phase error of a piece in a pattern, in periods: bricks are not laid by machine."""


@dataclass(frozen=True)
class PieceLayout:
    """The grid of pieces, sizes (y, x) in pixels; corners: the top left corners of pieces along each axis.

    scale: factor by which the copy on which pieces are compared is smaller. open_axis: that along which the last pieces
    do not meet the first, if any: the torus is a cylinder.
    """

    size: tuple[int, int]
    block: tuple[int, int]
    overlap: tuple[int, int]
    corners: tuple[np.ndarray, np.ndarray]
    scale: int
    open_axis: int | None = None


class PiecePattern(Protocol):
    """Periodic pattern of a source, or of several."""

    @property
    def shortest_px(self) -> float: ...

    def penalty(self, corner: tuple[int, int], shape: tuple[int, int], scale: int) -> np.ndarray: ...


@dataclass(frozen=True)
class Pattern:
    """A periodic pattern, which pieces may be shifted on by whole cycles of `wave_vectors` (n, 2), per pixel (y, x).

    Of two wave vectors, only by shifts in `sublattice`. Without any, pieces are free. closes: whether the torus is a
    whole number of repeats of the sublattice; if not, it is broken along some line around the torus.
    """

    wave_vectors: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    sublattice: Sublattice = field(default_factory=Sublattice)
    closes: bool = True

    @property
    def shortest_px(self) -> float:
        """The shortest period; infinite without any."""
        return float(min(1 / np.hypot(*self.wave_vectors.T), default=np.inf))

    def penalty(self, corner: tuple[int, int], shape: tuple[int, int], scale: int) -> np.ndarray:
        """Penalty, of `shape`, of positions (multiples of `scale`) whose piece would be out of phase at `corner`."""
        penalty = np.zeros(shape, np.float32)
        periods = []
        for vector in self.wave_vectors:
            y, x = (np.arange(count) * scale - start for count, start in zip(shape, corner, strict=True))
            cycles = vector[0] * y[:, None] + vector[1] * x
            periods.append(np.round(cycles).astype(int))
            period_px = 1 / np.hypot(*vector)
            off_px = np.abs(cycles - periods[-1]) * period_px
            penalty += OUT_OF_PHASE * (off_px > max(0.6 * scale, TOLERANCE * period_px))
        if len(periods) == 2:
            penalty += OUT_OF_PHASE * ~self.sublattice.contains(*periods)
        return penalty


@dataclass(frozen=True)
class Patterns:
    """Periodic patterns of pictures below each other, whose first rows are `tops`, in order."""

    tops: tuple[int, ...] = (0,)
    parts: tuple[Pattern, ...] = (Pattern(),)

    @property
    def shortest_px(self) -> float:
        """The shortest period; infinite without any."""
        return min(part.shortest_px for part in self.parts)

    def at_scale(self, scale: int) -> Patterns:
        """The patterns on a level whose pixels are `scale` wide."""
        parts = (replace(part, wave_vectors=np.asarray(part.wave_vectors) * scale) for part in self.parts)
        return Patterns(tuple(top // scale for top in self.tops), tuple(parts))

    def penalty(self, corner: tuple[int, int], shape: tuple[int, int], scale: int) -> np.ndarray:
        """Penalty, of `shape`, of positions (multiples of `scale`) whose piece would be out of phase at `corner`."""
        penalty = np.zeros(shape, np.float32)
        for top, part in zip(self.tops, self.parts, strict=True):
            here = slice(-(-top // scale), None)
            penalty[here] = part.penalty((corner[0] + top, corner[1]), shape, scale)[here]
        return penalty


def plan(
    source: tuple[int, int], size: tuple[int, int], block_px: int, overlap: float, open_axis: int | None = None
) -> PieceLayout:
    """An even grid of overlapping pieces on a torus of `size`, at most half as large as source and torus.

    block_px: requested side of a piece, 0 for an automatic one. overlap: relative to a piece. open_axis: see
    `PieceLayout`; where the source is long enough, a piece there is as long as the result, which then ends at a whole
    pixel of the reduced copy. ParameterError if there would be too many pieces, or one does not fit into the source.
    """
    side = (source[0] * source[1]) ** 0.5
    scale = max(1, min(round(side / MATCHING_PX), min(*source, *size) // 32))
    grids = []
    for axis, (length, torus) in enumerate(zip(source, size, strict=True)):
        wanted = min(max(4, block_px or BLOCK * side), length / 2, torus / 1.5)
        if axis != open_axis:
            grids.append(_closed(torus, wanted, overlap, scale))
        elif torus <= length:
            grids.append((-(-torus // scale) * scale, 0, np.zeros(1, int)))
        else:
            grids.append(_open(torus, wanted, overlap, scale))
    (tall, down, rows), (wide, right, columns) = grids
    if (tall > source[0] and open_axis != 0) or (wide > source[1] and open_axis != 1):
        message = f"the source is too small: pieces of {wide}x{tall} px do not fit into {source[1]}x{source[0]} px"
        raise ParameterError(message, "give a larger one, or leave out less of it")
    if len(rows) * len(columns) > MOST_PIECES:
        raise ParameterError(
            f"{size[1]}x{size[0]} px would take {len(rows) * len(columns)} pieces of {wide}x{tall} px",
            "choose a larger block_px or a smaller size, or give a larger picture",
        )
    torus_px = max(size[0], tall) if open_axis == 0 else size[0], max(size[1], wide) if open_axis == 1 else size[1]
    return PieceLayout(torus_px, (tall, wide), (down, right), (rows, columns), scale, open_axis)


def _closed(torus: int, wanted: float, overlap: float, scale: int) -> tuple[int, int, np.ndarray]:
    """Side and overlap of pieces, and their corners, along an axis that goes round."""
    count = max(2, round(torus / (wanted * (1 - overlap)) + 0.3))
    step = -(-torus // count)
    block = int(-(-max(step + 2, step / (1 - overlap)) // scale) * scale)
    return block, block - step, np.arange(count) * torus // count


def _open(torus: int, wanted: float, overlap: float, scale: int) -> tuple[int, int, np.ndarray]:
    """The same along an axis whose last piece ends with the result."""
    block = int(-(-wanted // scale) * scale)
    count = 1 + max(1, math.ceil((torus - block) / (block * (1 - overlap))))
    corners = np.arange(count) * (torus - block) // (count - 1)
    return block, block - int(np.diff(corners).max()), corners
