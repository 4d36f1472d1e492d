"""Record of placed pieces, so that none continues its neighbour, repeats the source's layout or is used too often."""

from __future__ import annotations

import numpy as np

from .layout import Layout

CONTINUES = 100.0
"""Added to the error of a position that would only continue a neighbouring piece; errors are around 1."""


class History:
    """Pieces placed so far, and the number of uses of each pixel of the reduced source (h, w)."""

    def __init__(self, shape: tuple[int, int], layout: Layout, shortest_px: float) -> None:
        self.layout = layout
        self.uses = np.zeros(shape, np.float32)
        self.share = min(1.0, shape[0] * shape[1] * layout.scale**2 / (layout.size[0] * layout.size[1]))
        pieces = len(layout.corners[0]) * len(layout.corners[1])
        self.placed = np.zeros((pieces, 4), int)  # corner y, x; source y, x
        self.count = 0
        self.same_px = np.minimum(np.array(layout.block) / 2, 0.45 * shortest_px)
        """Distance below which a shifted piece counts as the same; one shifted by a period is another."""

    def add(self, corner: tuple[int, int], source: tuple[int, int]) -> None:
        """Record the piece from `source` at `corner`, both (y, x)."""
        self.placed[self.count] = (*corner, *source)
        self.count += 1
        layout = self.layout
        shown = tuple(
            slice((start + overlap // 2) // layout.scale, (start + block - overlap // 2) // layout.scale)
            for start, block, overlap in zip(source, layout.block, layout.overlap, strict=True)
        )
        self.uses[shown] += self.share

    def line(self, axis: int, at: int) -> int | None:
        """Row (axis 0) or column of the source from which the first piece in that row or column comes, or None."""
        placed = self.placed[: self.count]
        sources = placed[placed[:, axis] == at, 2 + axis]
        return int(sources[0]) if len(sources) else None

    def uses_of_blocks(self, box: tuple[int, int]) -> np.ndarray:
        """Mean uses (h-b+1, w-d+1) in the box (b, d) at each position; 1 under even use."""
        sums = np.pad(self.uses.astype(np.float64), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
        height, width = box
        boxes = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
        return (boxes / (height * width)).astype(np.float32)

    def repetition(self, corner: tuple[int, int], shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Penalties for continuing neighbours of `corner`, and counts of pieces in the same layout, both `shape`."""
        penalty, familiar = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        placed, size = self.placed[: self.count], np.array(self.layout.size)
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
