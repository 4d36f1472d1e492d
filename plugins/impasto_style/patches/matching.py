"""Approximate nearest neighbours among the styles' patches, with prices so that all of the styles is used.

Found as PatchMatch does (Barnes et al. 2009): by what fits the neighbours, near what fits already, and at random.
Prices of the styles' cells rise with their use, which is the dual ascent of optimal transport: without them, the few
smoothest patches are the nearest everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .grid import Grid
from .library import Library

POOL = 4096
"""So many patches of each style are compared with every place, at each size."""
MEASURED = 16
"""One place of so many tells how near the nearest patches are."""
QUERIES = 2**12
"""Places that are compared with the pool at a time."""
GATHERED = 2**15
"""Places that are compared with their own candidates at a time."""
REACHES = (1, 2)
"""Distances to the neighbours whose patches are tried, in grid steps."""
NEIGHBOURS = 4
"""Above, below, left and right."""
NEAR = (8, 4, 2)
"""Radii of the search around the present patch, in grid steps."""
AT_RANDOM = 2
COHERENCE = 0.3
"""A patch that continues a neighbour's counts as so much nearer: strokes stay whole."""
RATE = 0.5
"""Step of the prices, in units of the usual distance."""
MOST_RISE = 3.0
MOST_PRICE = 6.0
LEAST_SHARE = 2e-4
"""Cells at borders hold so few patches that their use is chance."""
LEAST_UNIT = 1e-3

Tick = Callable[[], None]


@dataclass
class Search:
    """Search for the patch of a library that fits best at each place.

    queries: features of all places (Q, D). region: of each place (Q,). is_painted: (Q,), only these count as use.
    shares: how much each region is to take of each cell (regions, cells). prices: in parts of `unit`, the usual
    squared distance.
    """

    library: Library
    grid: Grid
    region: Tensor
    is_painted: Tensor
    shares: Tensor
    prices: Tensor
    rng: np.random.Generator
    tick: Tick
    unit: float = LEAST_UNIT

    def distances(self, queries: Tensor, patches: Tensor) -> Tensor:
        """Squared distances of features (q, D) to those of patches (q,) or (q, K)."""
        queries = queries if patches.dim() == 1 else queries[:, None]
        return (self.library.features[patches] - queries).square_().sum(-1)

    def measure(self, queries: Tensor, pool: Tensor) -> None:
        """Learn the usual distance: that to the nearest of the pool, by some of the places, whatever it costs.

        Once for each size: measured on what was chosen, prices would raise themselves.
        """
        keys = self.library.features[pool]
        nearest = [torch.cdist(part, keys).amin(1).square() for part in queries[::MEASURED].split(QUERIES)]
        self.unit = max(float(torch.cat(nearest).median()), LEAST_UNIT)

    def cost_of_cells(self) -> Tensor:
        """Prices (regions, cells) as squared distances; endless where a region may not take."""
        return torch.where(self.shares > 0, self.prices * self.unit, torch.inf)

    def pool(self) -> Tensor:
        """Patches at random, as many of each style."""
        number = self.library.source[self.library.view]
        ends = torch.bincount(number).cumsum(0).tolist()
        drawn = [self.rng.integers(low, high, POOL) for low, high in zip([0, *ends[:-1]], ends, strict=True)]
        return torch.from_numpy(np.concatenate(drawn)).to(number.device)

    def nearest_of(self, queries: Tensor, pool: Tensor) -> Tensor:
        """The patch of the pool for each place: the least |q - k|² / 2 + cost / 2, up to what is the same for all k."""
        keys, costs = self.library.features[pool], self.cost_of_cells()[:, self.library.cell[pool]]
        patches = torch.empty(len(queries), dtype=torch.long, device=queries.device)
        for region in range(len(costs)):
            bias = (keys.square().sum(1) + costs[region]) / -2
            for places in (self.region == region).nonzero()[:, 0].split(QUERIES):
                patches[places] = pool[torch.addmm(bias, queries[places], keys.T).argmax(1)]
                self.tick()
        return patches

    def better(self, queries: Tensor, patches: Tensor, others: Tensor) -> Tensor:
        """The better one for each place, where the others have the advantage of going on from neighbours."""
        return self._in_parts(queries, patches, others[:, None])

    def improved(self, queries: Tensor, patches: Tensor) -> Tensor:
        """Patches that fit better."""
        for reach in REACHES:
            patches = self._in_parts(queries, patches, self._candidates(patches, reach))
        return patches

    def _in_parts(self, queries: Tensor, patches: Tensor, candidates: Tensor) -> Tensor:
        parts = zip(*(x.split(GATHERED) for x in (queries, patches, candidates, self.region)), strict=True)
        return torch.cat([self._best(*part) for part in parts])

    def _candidates(self, patches: Tensor, reach: int) -> Tensor:
        """For each place (Q, K): the neighbours' patches, continued; then what is near its own, and any."""
        laid = patches.view(self.grid.shape)
        found = []
        for down, right in ((reach, 0), (-reach, 0), (0, reach), (0, -reach)):
            neighbours = laid.roll((down, right), (0, 1)).flatten()
            found.append(self.library.moved(neighbours, down, right))
        for most in NEAR:
            rows, columns = torch.from_numpy(self.rng.integers(-most, most + 1, (2, len(patches)))).to(patches.device)
            found.append(self.library.moved(patches, rows, columns))
        drawn = self.rng.integers(0, len(self.library.features), (AT_RANDOM, len(patches)))
        return torch.stack([*found, *torch.from_numpy(drawn).to(patches.device)], 1)

    def _best(self, queries: Tensor, patches: Tensor, candidates: Tensor, region: Tensor) -> Tensor:
        """The best for each place: its patch, or one of the candidates (q, K), of which the first continue others."""
        self.tick()
        candidates = torch.cat([patches[:, None], candidates], 1)
        distances = self.distances(queries, candidates)
        distances[:, 1 : 1 + NEIGHBOURS] *= 1 - COHERENCE
        costs = self.cost_of_cells()[region[:, None], self.library.cell[candidates]]
        return candidates.gather(1, (distances + costs).argmin(1, keepdim=True))[:, 0]

    def balance(self, patches: Tensor, variety: float) -> None:
        """Raise the prices of cells that are used more than their share, and lower the others'."""
        cells = self.prices.shape[1]
        used = (self.region * cells + self.library.cell[patches])[self.is_painted]
        counts = torch.bincount(used, minlength=self.prices.numel()).view_as(self.prices)
        wanted = self.shares.clamp_min(LEAST_SHARE) * counts.sum(1, keepdim=True).clamp_min(1)
        prices = self.prices + RATE * variety * (counts / wanted - 1).clamp(-1, MOST_RISE)
        allowed = self.shares > 0
        mean = (prices * allowed).sum(1, keepdim=True) / allowed.sum(1, keepdim=True).clamp_min(1)
        self.prices = (prices - mean).clamp(-MOST_PRICE, MOST_PRICE)
