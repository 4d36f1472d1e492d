"""Approximate nearest neighbours among the styles' patches, balanced so that all parts of the styles are used.

Searched as by PatchMatch (Barnes et al. 2009): by propagation from neighbours, near the present match, and at random.
The potentials of the styles' cells rise with their use (dual ascent of semi-discrete optimal transport): without them,
the few smoothest patches would be nearest everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .grid import Grid
from .library import Library

POOL = 2048
"""Number of random patches of each style that are compared with every position, at each size."""
MEASURED = 16
"""Step between the positions that measure the usual distance."""
QUERIES = 2**12
"""Positions compared with the pool at a time."""
GATHERED = 2**15
"""Positions compared with their own candidates at a time."""
REACHES = (1, 2)
"""Distances of the neighbours whose patches are propagated, in grid steps."""
NEIGHBOURS = 4
"""Number of neighbours: above, below, left and right."""
NEAR = (8, 4, 2)
"""Radii of the search around the present patch, in grid steps."""
AT_RANDOM = 2
COHERENCE = 0.15
"""Relative reduction of the distance of a patch that continues a neighbour's, so that strokes stay whole; more of it
makes larger pieces (`tests/benchmarks/style_pieces.py`)."""
RATE = 0.5
"""Step of the dual ascent, relative to the usual distance."""
MOST_RISE = 3.0
MOST_POTENTIAL = 6.0
LEAST_USE = 2e-4
"""Least target use of a cell, since cells at borders hold only a few patches."""
LEAST_DISTANCE = 1e-3

Tick = Callable[[], None]


@dataclass
class Search:
    """Search for the best patch of a library at each position.

    queries: features of all positions (Q, D). region: of each position (Q,). is_painted: (Q,), positions that count as
    use. target_use: fraction of its patches that each region should take from each cell (regions, cells). potentials:
    dual variables of the cells, relative to `usual_distance`, a squared distance.
    """

    library: Library
    grid: Grid
    region: Tensor
    is_painted: Tensor
    target_use: Tensor
    potentials: Tensor
    rng: np.random.Generator
    tick: Tick
    usual_distance: float = LEAST_DISTANCE

    def distances(self, queries: Tensor, patches: Tensor) -> Tensor:
        """Squared distances of features (q, D) to those of patches (q,) or (q, K)."""
        queries = queries if patches.dim() == 1 else queries[:, None]
        return (self.library.features[patches] - queries).square_().sum(-1)

    def measure(self, queries: Tensor, pool: Tensor) -> None:
        """Measure the usual distance: the median to the nearest patch of the pool, over a sample of the positions.

        Once for each size and without potentials, which would otherwise raise themselves.
        """
        keys = self.library.features[pool]
        nearest = [torch.cdist(part, keys).amin(1).square() for part in queries[::MEASURED].split(QUERIES)]
        self.usual_distance = max(float(torch.cat(nearest).median()), LEAST_DISTANCE)

    def cell_costs(self) -> Tensor:
        """Potentials (regions, cells) as squared distances; infinite for cells that a region must not use."""
        return torch.where(self.target_use > 0, self.potentials * self.usual_distance, torch.inf)

    def pool(self) -> Tensor:
        """Random patches, equally many of each style."""
        number = self.library.source[self.library.view]
        ends = torch.bincount(number).cumsum(0).tolist()
        drawn = [self.rng.integers(low, high, POOL) for low, high in zip([0, *ends[:-1]], ends, strict=True)]
        return torch.from_numpy(np.concatenate(drawn)).to(number.device)

    def nearest_of(self, queries: Tensor, pool: Tensor) -> Tensor:
        """The patch k of the pool with the least |q - k|² + cost, for each position."""
        keys, costs = self.library.features[pool], self.cell_costs()[:, self.library.cell[pool]]
        patches = torch.empty(len(queries), dtype=torch.long, device=queries.device)
        for region in range(len(costs)):
            bias = (keys.square().sum(1) + costs[region]) / -2
            for places in (self.region == region).nonzero()[:, 0].split(QUERIES):
                patches[places] = pool[torch.addmm(bias, queries[places], keys.T).argmax(1)]
                self.tick()
        return patches

    def better(self, queries: Tensor, patches: Tensor, others: Tensor) -> Tensor:
        """The better of two patches for each position, where the others have the advantage of coherence."""
        return self._in_parts(queries, patches, others[:, None])

    def improved(self, queries: Tensor, patches: Tensor) -> Tensor:
        """Patches after one round of PatchMatch at each reach."""
        for reach in REACHES:
            patches = self._in_parts(queries, patches, self._candidates(patches, reach))
        return patches

    def _in_parts(self, queries: Tensor, patches: Tensor, candidates: Tensor) -> Tensor:
        parts = zip(*(x.split(GATHERED) for x in (queries, patches, candidates, self.region)), strict=True)
        return torch.cat([self._best(*part) for part in parts])

    def _candidates(self, patches: Tensor, reach: int) -> Tensor:
        """Candidates (Q, K): patches that continue the neighbours', patches near the present one, and random ones."""
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
        """The best of the present patch and the candidates (q, K), the first of which continue neighbours' patches."""
        self.tick()
        candidates = torch.cat([patches[:, None], candidates], 1)
        distances = self.distances(queries, candidates)
        distances[:, 1 : 1 + NEIGHBOURS] *= 1 - COHERENCE
        costs = self.cell_costs()[region[:, None], self.library.cell[candidates]]
        return candidates.gather(1, (distances + costs).argmin(1, keepdim=True))[:, 0]

    def balance(self, patches: Tensor, variety: float) -> None:
        """Raise the potentials of cells that are used more than their target, and lower the others'."""
        cells = self.potentials.shape[1]
        used = (self.region * cells + self.library.cell[patches])[self.is_painted]
        counts = torch.bincount(used, minlength=self.potentials.numel()).view_as(self.potentials)
        wanted = self.target_use.clamp_min(LEAST_USE) * counts.sum(1, keepdim=True).clamp_min(1)
        potentials = self.potentials + RATE * variety * (counts / wanted - 1).clamp(-1, MOST_RISE)
        allowed = self.target_use > 0
        mean = (potentials * allowed).sum(1, keepdim=True) / allowed.sum(1, keepdim=True).clamp_min(1)
        self.potentials = (potentials - mean).clamp(-MOST_POTENTIAL, MOST_POTENTIAL)
