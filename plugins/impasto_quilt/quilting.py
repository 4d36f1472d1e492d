"""Image quilting on a torus (Efros & Freeman 2001) with cuts on every side that overlaps, then repairs.

Pieces are laid in rows; each is the best of those candidates whose surroundings match (by FFT), judged by
what its cuts would cost. Then the worst cuts are covered by further pieces (Kwatra et al. 2003, sec. 4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import avg_pool2d

from .matching import Matcher
from .torus import Bands, Torus

FORBIDDEN = 100.0
"""Added to the score of positions that would only continue a piece that is there already."""
TOLERANCE = 0.04
"""How far a piece may be out of step with a pattern, in periods: bricks are not laid by machine."""
CANDIDATES = 16


@dataclass(frozen=True)
class Layout:
    """The grid of pieces: sizes in pixels, (y, x); `corners` are the pieces' top left corners along each axis."""

    size: tuple[int, int]
    block: tuple[int, int]
    overlap: tuple[int, int]
    corners: tuple[np.ndarray, np.ndarray]
    scale: int


@dataclass(frozen=True)
class Step:
    """How pieces keep in step with a pattern: shifts by whole cycles of `waves` (n, 2), in cycles a pixel (y, x).

    Of two waves, by i and j cycles only where `bond` (ry, rx) is true at (i, j) modulo its shape.
    """

    waves: np.ndarray
    bond: np.ndarray


FREE = Step(np.zeros((0, 2), np.float32), np.ones((1, 1), bool))


def plan(
    source: tuple[int, int], size: tuple[int, int], block_px: int, overlap: float
) -> Layout:
    """Lay an even grid of overlapping pieces on a torus of `size`; pieces are at most half the source."""
    wanted = block_px or 0.25 * (source[0] * source[1]) ** 0.5
    scale = max(1, round((source[0] * source[1]) ** 0.5 / 256))
    scale = max(1, min(scale, min(*source, *size) // 32))
    blocks, overlaps, corners = [], [], []
    for length, torus in zip(source, size, strict=True):
        block = min(max(4, wanted), length / 2, torus / 1.5)
        count = max(2, round(torus / (block * (1 - overlap))))
        step = -(-torus // count)
        block = -(-max(step + 2, step / (1 - overlap)) // scale) * scale
        blocks.append(int(block))
        overlaps.append(int(block) - step)
        corners.append(np.arange(count) * torus // count)
    return Layout(tuple(size), tuple(blocks), tuple(overlaps), tuple(corners), scale)


class Quilter:
    """Lays pieces of `features` (C, h, w) on a torus."""

    def __init__(
        self, features: torch.Tensor, layout: Layout, step: Step, variety: float, rng: np.random.Generator
    ) -> None:
        self.layout, self.step, self.variety, self.rng = layout, step, variety, rng
        periods = 1 / np.hypot(*step.waves.T) if len(step.waves) else np.array([np.inf])
        self.free_px = 0.45 * periods.min()  # nearer than this, a piece in step is the same piece
        self.matcher = Matcher(features, layout.scale)
        self.torus = Torus(features, layout.size)
        self.uses = np.zeros(self.matcher.features.shape[1:], np.float32)
        self.density = max(1.0, layout.size[0] * layout.size[1] / features[0].numel())
        self.placed: list[tuple[int, int, int, int]] = []

    def lay(self) -> Iterator[float]:
        """Cover the torus, row by row; yields the fraction done."""
        rows, columns = self.layout.corners
        for r, y in enumerate(rows):
            for c, x in enumerate(columns):
                sides = {"left": c > 0, "right": c == len(columns) - 1, "top": r > 0, "bottom": r == len(rows) - 1}
                self._place((int(y), int(x)), [side for side, cut in sides.items() if cut])
                yield (r * len(columns) + c + 1) / (len(rows) * len(columns))

    def _place(self, corner: tuple[int, int], sides: list[str]) -> None:
        layout = self.layout
        widths = {side: layout.overlap[side in ("left", "right")] for side in sides}
        bands = Bands(layout.block, widths)
        source = self._best(corner, bands) if sides else self._first(corner)
        self.torus.sew(self.torus.piece(corner, source, bands))
        self.placed.append((*corner, *source))
        self._count(source)

    def _count(self, source: tuple[int, int]) -> None:
        inner = tuple(
            slice((start + overlap // 2) // self.layout.scale, (start + block - overlap // 2) // self.layout.scale)
            for start, block, overlap in zip(source, self.layout.block, self.layout.overlap, strict=True)
        )
        self.uses[inner] += 1 / self.density

    def _first(self, corner: tuple[int, int]) -> tuple[int, int]:
        """A random position, in step with the pattern."""
        scale = self.layout.scale
        shape = [
            side - block // scale + 1
            for side, block in zip(self.matcher.features.shape[1:], self.layout.block, strict=True)
        ]
        penalty, _ = self._repetition(corner, shape)
        choices = np.argwhere(penalty == penalty.min())
        y, x = choices[self.rng.integers(len(choices))]
        return int(y) * scale, int(x) * scale

    def _best(self, corner: tuple[int, int], bands: Bands) -> tuple[int, int]:
        """The position in the source whose piece fits best at `corner`."""
        scale = self.layout.scale
        rows, columns = self.torus.indices(corner, self.layout.block)
        known = self.torus.canvas[:, rows, columns]  # (C, b, d)
        template = avg_pool2d(known[None], scale)[0]
        mask = avg_pool2d(torch.from_numpy(bands.mask()).to(known)[None, None], scale)[0, 0]
        differences = self.matcher.differences(template, mask).cpu().numpy()
        height, width = differences.shape
        block_uses = _box_means(self.uses, mask.shape)
        forbidden, familiar = self._repetition(corner, (height, width))
        weight = 1 + self.variety * (2 * block_uses + familiar)
        scores = (differences + 1e-3) * weight + forbidden
        ys, xs = _local_minima(scores, CANDIDATES, tile=max(2, min(mask.shape) // 8))
        costs = self._cut_costs(template, bands, ys, xs) * weight[ys, xs] + forbidden[ys, xs]
        order = np.argsort(costs, kind="stable")
        good = order[costs[order] <= costs[order[0]] * (1 + 0.2 * self.variety)]
        chosen = good[self.rng.integers(len(good))]
        return self._refine(known, bands, (int(ys[chosen]) * scale, int(xs[chosen]) * scale))

    def _cut_costs(self, template: torch.Tensor, bands: Bands, ys: np.ndarray, xs: np.ndarray) -> np.ndarray:
        """What sewing in each candidate would cost, at the matcher's scale."""
        scale, features = self.layout.scale, self.matcher.features
        height, width = template.shape[1:]
        rows = torch.from_numpy(ys)[:, None, None] + torch.arange(height)[:, None]
        columns = torch.from_numpy(xs)[:, None, None] + torch.arange(width)
        pieces = features[:, rows.to(features.device), columns.to(features.device)]  # (C, K, b, d)
        differences = (pieces - template[:, None]).square().sum(0).cpu().numpy()
        coarse = Bands((height, width), {side: max(2, w // scale) for side, w in bands.widths.items()})
        return coarse.costs(differences)

    def _refine(self, known: torch.Tensor, bands: Bands, near: tuple[int, int]) -> tuple[int, int]:
        """The best position within a few pixels of `near`, at full resolution."""
        scale, features = self.layout.scale, self.torus.features
        if scale == 1:
            return near
        ranges = []
        for start, length, block in zip(near, features.shape[1:], self.layout.block, strict=True):
            ranges.append(range(max(0, start - scale // 2), min(length - block, start + scale // 2) + 1))
        stride = max(1, scale // 2)
        mask = torch.from_numpy(bands.mask()[::stride, ::stride]).to(known.device)
        target = known[:, ::stride, ::stride][:, mask]
        positions = [(y, x) for y in ranges[0] for x in ranges[1]]
        height, width = self.layout.block
        errors = [
            (features[:, y : y + height : stride, x : x + width : stride][:, mask] - target).square().sum()
            for y, x in positions
        ]
        return positions[int(torch.stack(errors).argmin())]

    def _repetition(self, corner: tuple[int, int], shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Penalties and how familiar, float32 `shape`: to continue a neighbour, and to keep any piece's layout."""
        penalty, familiar = self._out_of_step(corner, shape), np.zeros(shape, np.float32)
        if not self.placed:
            return penalty, familiar
        placed = np.array(self.placed)
        size, block = np.array(self.layout.size), np.array(self.layout.block)
        apart = (np.array(corner) - placed[:, :2] + size // 2) % size - size // 2
        near = (np.abs(apart) < block).all(1)
        centers = (placed[:, 2:] + apart) / self.layout.scale
        radius = np.minimum(block / 2, self.free_px) / self.layout.scale
        radii = np.where(near[:, None], radius, radius / 4)
        lows = np.maximum(np.ceil(centers - radii), 0).astype(int)
        highs = np.floor(centers + radii).astype(int) + 1
        for low, high, continues in zip(lows, highs, near, strict=True):
            if (high > 0).all():
                layer = penalty if continues else familiar
                layer[low[0] : high[0], low[1] : high[1]] += FORBIDDEN if continues else 1
        return penalty, familiar

    def _out_of_step(self, corner: tuple[int, int], shape: tuple[int, int]) -> np.ndarray:
        """FORBIDDEN where a piece would break the step of the pattern; float32 `shape`."""
        penalty = np.zeros(shape, np.float32)
        cells = []
        for wave in self.step.waves:
            y, x = (np.arange(n) * self.layout.scale - start for n, start in zip(shape, corner, strict=True))
            cycles = wave[0] * y[:, None] + wave[1] * x
            cells.append(np.round(cycles).astype(int))
            off_px = np.abs(cycles - cells[-1]) / np.hypot(*wave)
            tolerance_px = max(0.6 * self.layout.scale, TOLERANCE / np.hypot(*wave))
            penalty += 1000 * FORBIDDEN * (off_px > tolerance_px)
        if len(cells) == 2:
            rows, columns = self.step.bond.shape
            penalty += 1000 * FORBIDDEN * ~self.step.bond[cells[0] % rows, cells[1] % columns]
        return penalty


def _box_means(image: np.ndarray, box: tuple[int, int]) -> np.ndarray:
    """Means of `image` (h, w) over each box (b, d) -> (h-b+1, w-d+1)."""
    sums = np.pad(image.astype(np.float64), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    (height, width), total = box, box[0] * box[1]
    corners = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    return (corners / total).astype(np.float32)


def _local_minima(scores: np.ndarray, count: int, tile: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the `count` lowest scores, at most one in each tile."""
    height, width = scores.shape
    rows, columns = -(-height // tile), -(-width // tile)
    padded = np.full((rows * tile, columns * tile), np.inf, np.float32)
    padded[:height, :width] = scores
    tiles = padded.reshape(rows, tile, columns, tile).swapaxes(1, 2).reshape(rows * columns, tile * tile)
    within = tiles.argmin(1)
    lowest = tiles.min(1)
    best = np.argsort(lowest, kind="stable")[:count]
    best = best[np.isfinite(lowest[best])]
    return best // columns * tile + within[best] // tile, best % columns * tile + within[best] % tile
