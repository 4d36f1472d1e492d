"""The first filling, on the coarsest level: for each hole, the best of attempts with blocks of several sizes."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from .blocks import Blocks
from .correction import Correction
from .groups import groups_of
from .level import Level

BLOCKS = (2.0, 1.4, 1.0, 0.7, 0.5)
"""Sides of blocks, relative to the width of holes: large ones keep more, small ones fit better."""
SMALLEST_BLOCK_PX, LARGEST_BLOCK = 12, 0.5
"""Least side of blocks, and their largest, relative to the picture's shorter side."""


def first_filling(
    level: Level, thickness: float, passes: int, generator: torch.Generator
) -> Iterator[tuple[float, Tensor]]:
    """Fill the holes of the coarsest level; yields the fraction done, and the pixel (P,) that each one shows."""
    largest = round(LARGEST_BLOCK * min(level.grid.size))
    sides = dict.fromkeys(max(SMALLEST_BLOCK_PX, min(round(2 * thickness * side), largest)) for side in BLOCKS)
    group = groups_of(level)
    best = level.grid.shown.clone()
    least = torch.full((int(group.max()) + 1,), torch.inf, dtype=torch.double, device=group.device)
    known = level.features.clone()
    for number, side in enumerate(sides):
        level.features.copy_(known)
        blocks = Blocks(level, side, generator)
        for fraction in blocks.fill():
            yield (number + 0.5 * fraction) / len(sides), blocks.origin
        correction = Correction(level, blocks.origin, generator)
        for fraction in correction.passes(passes):
            yield (number + 0.5 + 0.5 * fraction) / len(sides), blocks.origin
        cost = torch.zeros_like(least).index_add_(0, group, correction.costs().double())
        is_better = (cost < least)[group]
        holes = level.holes[is_better]
        best[holes] = blocks.origin[holes]
        least = torch.minimum(least, cost)
    level.grid.with_margin(best)
    level.features[level.holes] = known[best[level.holes]]
    yield 1.0, best
