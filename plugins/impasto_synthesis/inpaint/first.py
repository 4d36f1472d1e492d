"""The first filling, on the coarsest level: squares are shifted into the holes, and corrected."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from .correction import Correction
from .level import Level
from .offsets import Offsets

SQUARES = 0.25
"""Side of the squares, relative to the width of holes: small ones join better, large ones keep more."""
SMALLEST_PX, LARGEST_PX = 4, 12
MOST_SQUARES = 1500


def first_filling(
    level: Level, thickness: float, passes: int, generator: torch.Generator
) -> Iterator[tuple[float, Tensor]]:
    """Fill the holes of the coarsest level; yields the fraction done, and the pixel (P,) that each one shows."""
    side = max(SMALLEST_PX, min(thickness * SQUARES, LARGEST_PX), (len(level.holes) / MOST_SQUARES) ** 0.5)
    offsets = Offsets(level, round(side), generator)
    for fraction in offsets.fill():
        yield 0.7 * fraction, offsets.origin
    for fraction in Correction(level, offsets.origin, generator).passes(passes):
        yield 0.7 + 0.3 * fraction, offsets.origin
    yield 1.0, offsets.origin
