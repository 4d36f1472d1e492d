"""Minimum-error boundary cuts through the bands in which two pieces overlap.

A minimum cut of a grid is a shortest path in its dual graph. Here, paths may move sideways by any distance in a row,
but never back, so one sweep of dynamic programming finds them (Efros & Freeman 2001, sec. 2.1). It is in NumPy because
a sweep takes hundreds of tiny steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np


def shortest_paths(step_cost: np.ndarray, along_cost: np.ndarray) -> np.ndarray:
    """Cheapest cuts down bands: costs (B, L, W) each -> columns (B, L) of the first pixel right of the cut.

    step_cost[b, l, k]: cost of separating pixels k-1 and k of row l. along_cost[b, l, k]: cost of separating pixel k of
    row l-1 from pixel k of row l, for each pixel by which the cut moves sideways between them.
    """
    sums, costs = _sweep(step_cost, along_cost)
    batch, length, _ = step_cost.shape
    rows = np.arange(batch)
    path = np.empty((batch, length), np.int64)
    path[:, -1] = costs[:, -1].argmin(1)
    for row in range(length - 1, 0, -1):
        here = sums[rows, row, path[:, row]][:, None]
        path[:, row - 1] = (costs[:, row - 1] + np.abs(here - sums[:, row])).argmin(1)
    return path


def path_costs(step_cost: np.ndarray, along_cost: np.ndarray) -> np.ndarray:
    """Total costs (B,) of `shortest_paths`."""
    return _sweep(step_cost, along_cost)[1][:, -1].min(1)


def _sweep(step_cost: np.ndarray, along_cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """costs[l, k] = step[l, k] + min_j costs[l-1, j] + |sums[l, k] - sums[l, j]|."""
    sums = np.cumsum(along_cost, axis=2, dtype=np.float32) - along_cost
    costs = np.empty_like(step_cost)
    costs[:, 0] = step_cost[:, 0]
    onward = np.stack([-sums, sums[..., ::-1]]).transpose(2, 0, 1, 3).copy()  # (L, 2, B, W): rightward and leftward
    before = np.stack([step_cost[:, 0], step_cost[:, 0, ::-1]])
    moved = np.empty_like(before)
    for row in range(1, step_cost.shape[1]):
        along, here = onward[row], costs[:, row]
        np.add(before, along, out=moved)
        np.minimum.accumulate(moved, axis=2, out=moved)
        moved -= along
        np.minimum(moved[0], moved[1, :, ::-1], out=here)
        here += step_cost[:, row]
        before[0], before[1] = here, here[:, ::-1]
    return sums, costs


def cut_costs(differences: Mapping[str, np.ndarray]) -> np.ndarray:
    """Total costs (K,) of the cheapest cuts through squared differences (2, K, b, d) in the band of each side.

    The first of both applies where a cut runs down, between pixels of a row; the second where it runs across.
    """
    edges = [_edge_costs(_upright(band, side), side) for side, band in differences.items()]
    return np.stack(_swept_together(path_costs, edges)).sum(0)


def _swept_together(
    sweep: Callable[[np.ndarray, np.ndarray], np.ndarray], edges: Sequence[tuple[np.ndarray, np.ndarray]]
) -> list[np.ndarray]:
    """Results (B, ...) of a sweep over the edge costs of each band; bands of one shape share a sweep, to save time."""
    found: dict[int, np.ndarray] = {}
    for shape in {step.shape for step, _ in edges}:
        own = [index for index, (step, _) in enumerate(edges) if step.shape == shape]
        step, along = (np.concatenate([edges[index][part] for index in own]) for part in (0, 1))
        found |= dict(zip(own, np.split(sweep(step, along), len(own)), strict=True))
    return [found[index] for index in range(len(edges))]


class Bands:
    """Bands, with `widths` by side, in which a block of size (b, d) overlaps its placed neighbours."""

    def __init__(self, block: tuple[int, int], widths: dict[str, int]) -> None:
        self.block = block
        self.widths = widths

    def mask(self) -> np.ndarray:
        """Whether a pixel is in a band, bool (b, d)."""
        mask = np.zeros(self.block, bool)
        for side, width in self.widths.items():
            _upright(mask, side)[:, :width] = True
        return mask

    def cut(self, differences: np.ndarray) -> np.ndarray:
        """Whether a pixel shows the new block, bool (b, d), by the cheapest cuts through squared differences (2, b, d).

        See `cut_costs` for these.
        """
        mask = np.ones(self.block, bool)
        bands = [_upright(differences[:, None], side)[..., :width] for side, width in self.widths.items()]
        edges = [_edge_costs(band, side) for band, side in zip(bands, self.widths, strict=True)]
        for (side, width), path in zip(self.widths.items(), _swept_together(shortest_paths, edges), strict=True):
            _upright(mask, side)[:, :width] &= np.arange(width) >= path[0][:, None]
        return mask


def _upright(image: np.ndarray, side: str) -> np.ndarray:
    """A view (..., L, W) in which `side` is on the left."""
    if side in ("top", "bottom"):
        image = np.swapaxes(image, -1, -2)
    return image[..., ::-1] if side in ("right", "bottom") else image


def _edge_costs(band: np.ndarray, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Costs of cutting between neighbours in an upright band (2, B, L, W) of squared differences.

    The cost is the sum of the differences at both neighbours (Kwatra et al. 2003, eq. 1, squared).
    """
    down, across = band
    if side in ("top", "bottom"):
        down, across = across, down
    step = np.full(down.shape, np.inf, np.float32)
    step[:, :, 1:] = down[:, :, 1:] + down[:, :, :-1]
    along = np.zeros(down.shape, np.float32)
    along[:, 1:] = across[:, 1:] + across[:, :-1]
    return step, along
