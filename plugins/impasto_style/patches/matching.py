"""Approximate nearest neighbours among the styles' patches, balanced so that all parts of the styles are used.

The search propagates matches from neighbours, and tries patches near the present match and at random (PatchMatch). The
potentials of the styles' parts rise with their use (dual ascent of semi-discrete optimal transport); without them, the
few smoothest patches would be nearest everywhere. Large connected copies, and spots used often nearby, have a price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from impasto.patterns.library import SIDE, STRIDE, PatchLibrary
from impasto.patterns.votes import PatchGrid, Tick

from .copies import copy_areas

POOL = 2048
"""Number of random patches of each style that are compared with every position, at each size."""
MEASURED = 16
"""Step between the sampled positions that measure the usual distance."""
QUERIES = 2**12
"""Positions compared with the pool at a time."""
GATHERED = 2**12
"""Positions compared with their own candidates at a time."""
REACHES = (2, 1)
"""Distances of the neighbours whose patches are propagated, in grid steps, in one round after the other."""
NEIGHBOURS = ((1, 0), (-1, 0), (0, 1), (0, -1))
"""Steps, down and right, from the neighbours above, below, left and right."""
AROUND = (*NEIGHBOURS, (1, 1), (-1, -1), (1, -1), (-1, 1), (2, 0), (-2, 0), (0, 2), (0, -2))
"""Steps from the positions that must not have the same patch as their centre: repeated patches look like a mesh."""
NEAR = (8, 4, 2)
"""Radii of the search around the present patch, in grid steps."""
AT_RANDOM = 2
COHERENCE = 0.15
"""Relative reduction of the distance of a patch that continues a neighbour's, so that strokes stay whole. A larger
reduction makes larger pieces."""
RATE = 0.5
"""Step of the dual ascent, relative to the usual distance."""
MOST_RISE = 3.0
MOST_POTENTIAL = 2.0
"""Largest price of a part, relative to the usual distance. With more, calm places get slabs of foreign colours."""
LEAST_USE = 0.2
"""Smallest target use of a part, relative to the mean, since parts at borders hold only a few patches."""
LARGE_COPY = 18 / 512
"""Side of connected copies, relative to the style's longer side, above which copies have a price."""
LEAST_LARGE_COPY = 3
"""Least such side in patches, for small styles."""
COPY_PRICE, SPOT_PRICE, MOST_EXCESS = 4.0, 2.0, 4.0
"""Prices of a copy twice as large as the limit, and of a spot used twice nearby, relative to the usual distance; and
the largest excess that raises them."""
NEARBY = 1 / 8
"""Side of the picture's blocks in which a spot may be used once, relative to the style's longer side."""
LEAST_DISTANCE = 1e-3


@dataclass
class Search:
    """Search for the best patch of a library at each position.

    queries: features of all positions (Q, D). part: of each patch (rows,). region: of each position (Q,). is_painted:
    (Q,), positions that count as use. target_use: fraction of its patches that each region should take from each part
    (regions, parts). potentials: dual variables of the parts, relative to `usual_distance`, a squared distance of each
    region.
    """

    library: PatchLibrary
    grid: PatchGrid
    part: Tensor
    region: Tensor
    is_painted: Tensor
    target_use: Tensor
    potentials: Tensor
    rng: np.random.Generator
    tick: Tick
    usual_distance: Tensor = field(init=False)

    def distances(self, queries: Tensor, patches: Tensor) -> Tensor:
        """Squared distances of features (q, D) to those of patches (q,) or (K, q)."""
        return _at(self.library.features, patches).sub_(queries).square_().sum(-1)

    def measure(self, queries: Tensor, pool: Tensor) -> None:
        """Measure each region's usual distance: the median, over a sample, to the nearest patch of the pool.

        It is measured once for each size and without potentials, which would otherwise raise themselves. In calm
        places it is small; with that of busy ones, they would be painted with foreign colours for variety's sake.
        """
        keys = self.library.features[pool]
        nearest = torch.cat([torch.cdist(part, keys).amin(1).square() for part in queries[::MEASURED].split(QUERIES)])
        found = [nearest[self.region[::MEASURED] == number] for number in range(len(self.potentials))]
        medians = [(own if len(own) else nearest).median() for own in found]
        self.usual_distance = torch.stack(medians).clamp_min(LEAST_DISTANCE)

    def part_costs(self) -> Tensor:
        """Potentials (regions, parts) as squared distances; infinite for parts that a region must not use."""
        return torch.where(self.target_use > 0, self.potentials * self.usual_distance[:, None], torch.inf)

    def pool(self) -> Tensor:
        """Random patches, equally many of each style."""
        number = self.library.source[self.library.view]
        ends = torch.bincount(number).cumsum(0).tolist()
        drawn = [self.rng.integers(low, high, POOL) for low, high in zip([0, *ends[:-1]], ends, strict=True)]
        return torch.from_numpy(np.concatenate(drawn)).to(number.device)

    def nearest_of(self, queries: Tensor, pool: Tensor) -> Tensor:
        """The patch k of the pool with the smallest |q - k|² + cost, for each position."""
        keys, costs = self.library.features[pool], self.part_costs()[:, self.part[pool]]
        patches = torch.empty(len(queries), dtype=torch.long, device=queries.device)
        for region in range(len(costs)):
            bias = (keys.square().sum(1) + costs[region]) / -2
            for places in (self.region == region).nonzero()[:, 0].split(QUERIES):
                patches[places] = pool[torch.addmm(bias, queries[places], keys.T).argmax(1)]
                self.tick()
        return patches

    def better(self, queries: Tensor, patches: Tensor, others: Tensor) -> Tensor:
        """The better of two patches for each position; `others` count as coherent, which lowers their distance."""
        candidates = torch.stack([patches, others])
        return self._best(queries, candidates, self._prices_of_repeats(patches, candidates))

    def next_patches(self, queries: Tensor, patches: Tensor, reach: int) -> Tensor:
        """Patches after one round of PatchMatch."""
        steps = [(reach * down, reach * right) for down, right in NEIGHBOURS]
        candidates = self._candidates(patches, steps)
        prices = self._prices_of_repeats(patches, candidates) + self._prices_of_spots(patches, candidates)
        prices += self._prices_of_copies(patches, candidates, steps)
        return self._best(queries, candidates, prices)

    def _around(self, values: Tensor, steps: Sequence[tuple[int, int]]) -> Tensor:
        """Values (..., Q) at the positions these steps back from each one, (N, ..., Q); they wrap at the borders."""
        laid = values.unflatten(-1, self.grid.shape)
        return torch.stack([laid.roll(step, (-2, -1)).flatten(-2) for step in steps])

    def _candidates(self, patches: Tensor, steps: Sequence[tuple[int, int]]) -> Tensor:
        """Candidates (K, Q): the present patches, continuations of the neighbours', patches nearby, and random ones."""
        view, row, column = place = torch.stack(self.library.place(patches))
        found = [patches]
        for (at_view, at_row, at_column), (down, right) in zip(self._around(place, steps), steps, strict=True):
            found.append(self.library.patch_at(at_view, at_row + down, at_column + right))
        for most in NEAR:
            rows, columns = torch.from_numpy(self.rng.integers(-most, most + 1, (2, len(patches)))).to(patches.device)
            found.append(self.library.patch_at(view, row + rows, column + columns))
        drawn = self.rng.integers(0, len(self.library.features), (AT_RANDOM, len(patches)))
        return torch.stack([*found, *torch.from_numpy(drawn).to(patches.device)])

    def _prices_of_repeats(self, patches: Tensor, candidates: Tensor) -> Tensor:
        """Prices (K, Q) of candidates: infinite for patches already used around a position, otherwise 0."""
        is_repeated = torch.zeros_like(candidates, dtype=torch.bool)
        for laid in self._around(patches, AROUND):
            is_repeated |= candidates == laid
        return torch.where(is_repeated, torch.inf, 0.0)

    def _prices_of_copies(self, patches: Tensor, candidates: Tensor, steps: Sequence[tuple[int, int]]) -> Tensor:
        """Prices (K, Q) of candidates that stay in a large copy, or that join a neighbour's."""
        large = max(LEAST_LARGE_COPY, (LARGE_COPY * self.library.longest_px - SIDE) / STRIDE + 1) ** 2  # in patches
        areas = copy_areas(patches, self.library, self.grid)
        prices = COPY_PRICE * self.usual_distance[self.region] * (areas / large - 1).clamp(0, MOST_EXCESS)
        result = torch.where(candidates == patches, prices, 0.0)
        result[1 : 1 + len(steps)].clamp_min_(self._around(prices, steps))
        return result

    def _prices_of_spots(self, patches: Tensor, candidates: Tensor) -> Tensor:
        """Prices (K, Q) of candidates from spots of the style used often nearby, in blocks placed at random."""
        block, spots = max(1, round(NEARBY * self.library.longest_px / STRIDE)), self.library.spot
        starts = self.rng.integers(0, block, 2).tolist()
        row, column = (
            (torch.arange(start, start + count, device=patches.device) // block)
            for start, count in zip(starts, self.grid.shape, strict=True)
        )
        count = len(self.library.room)
        first = count * (row[:, None] * (column[-1] + 1) + column).flatten()
        used = torch.bincount(first + _at(spots, patches), minlength=int(first[-1]) + count)
        excess = (used.view(-1, count) / self.library.room - 1).clamp(0, MOST_EXCESS).flatten()
        return SPOT_PRICE * self.usual_distance[self.region] * _at(excess, first + _at(spots, candidates))

    def _best(self, queries: Tensor, candidates: Tensor, prices: Tensor) -> Tensor:
        """The best of the candidates (K, Q). The four after the first continue neighbours' patches, and cost less."""
        found, costs = [], self.part_costs()
        prices += _at(costs.flatten(), costs.shape[1] * self.region + _at(self.part, candidates))
        parts = queries.split(GATHERED), candidates.split(GATHERED, 1), prices.split(GATHERED, 1)
        for features, patches, price in zip(*parts, strict=True):
            self.tick()
            distances = self.distances(features, patches)
            distances[1 : 1 + len(NEIGHBOURS)] *= 1 - COHERENCE
            found.append(patches.gather(0, (distances + price).argmin(0, keepdim=True))[0])
        return torch.cat(found)

    def balance(self, patches: Tensor, variety: float) -> None:
        """Raise the potentials of parts that are used more than their target, and lower the others'."""
        parts = self.potentials.shape[1]
        used = (self.region * parts + self.part[patches])[self.is_painted]
        counts = torch.bincount(used, minlength=self.potentials.numel()).view_as(self.potentials)
        wanted = self.target_use.clamp_min(LEAST_USE / parts) * counts.sum(1, keepdim=True).clamp_min(1)
        potentials = self.potentials + RATE * variety * (counts / wanted - 1).clamp(-1, MOST_RISE)
        allowed = self.target_use > 0
        mean = (potentials * allowed).sum(1, keepdim=True) / allowed.sum(1, keepdim=True).clamp_min(1)
        self.potentials = (potentials - mean).clamp(-MOST_POTENTIAL, MOST_POTENTIAL)


def _at(values: Tensor, index: Tensor) -> Tensor:
    """Rows of values (N, ...) at an index of any shape; three times as fast as values[index]."""
    return values.index_select(0, index.flatten()).unflatten(0, index.shape)
