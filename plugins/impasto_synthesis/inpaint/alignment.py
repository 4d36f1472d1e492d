"""Alignment of the pieces in holes with their surroundings and each other, by a pixel on each level of the pyramid.

As of `patch_synthesis`, but what surrounds a hole is a piece that stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..patch_synthesis.alignment import ROUNDS, STEPS
from .grid import Grid
from .level import Level

CLOSE_PX = 1
"""Distance from a cut of the pixels that are compared, on both sides."""


@dataclass(frozen=True)
class Cuts:
    """Pixels of holes beside cuts: the piece that each belongs to and shows at `place`; what is there and beyond.

    other: the piece beyond, -1 for the surroundings, which shows `seen` at the same pixel.
    """

    own: Tensor
    place: Tensor
    other: Tensor
    seen: Tensor


def aligned(level: Level, origin: Tensor, generator: torch.Generator) -> Tensor:
    """The origin (P,), whose pieces are moved to where their borders fit best on the level.

    A piece is all that is shifted alike. Only about half of the pieces move at a time, so that neighbours do not both
    move towards each other.
    """
    holes, grid = level.holes, level.grid
    shifts, piece = (origin[holes] - holes).unique(return_inverse=True)
    cuts = _cuts(level, origin, piece)
    steps = torch.tensor([dy * grid.stride + dx for dy, dx in STEPS], device=origin.device)
    moved = torch.zeros_like(shifts)
    for _ in range(ROUNDS):
        moving = (torch.rand(len(shifts), generator=generator) < 0.5).to(origin.device)
        costs = _costs(level, cuts, moved, moving, steps)
        moved = torch.where(moving, moved + steps[costs.argmin(0)], moved)
    places = level.source[(origin[holes] + moved[piece]).clamp(0, len(origin) - 1)]
    kept = places >= 0 if level.kind is None else (places >= 0) & (level.kind[places] == level.kind[holes])
    aligned_ = origin.clone()
    aligned_[holes] = torch.where(kept, places, origin[holes])
    return aligned_


def _costs(level: Level, cuts: Cuts, moved: Tensor, moving: Tensor, steps: Tensor) -> Tensor:
    """Costs (steps, pieces) of a step of each piece that is `moving`, after all were `moved`; a step is an offset."""
    seen = moving[cuts.own]
    own, other = cuts.own[seen], cuts.other[seen]
    last = len(level.features) - 1
    there = torch.where(other < 0, 0, moved[other.clamp(min=0)])
    beyond = level.features[(cuts.seen[seen] + there).clamp(0, last)]
    place = cuts.place[seen] + moved[own]
    costs = torch.zeros(len(steps), len(moved), dtype=torch.double, device=moved.device)
    for cost, step in zip(costs, steps, strict=True):
        difference = level.features[(place + step).clamp(0, last)] - beyond
        cost.index_add_(0, own, difference.square().sum(1).double())
    return costs


def _cuts(level: Level, origin: Tensor, piece: Tensor) -> Cuts:
    """Pixels on both sides of the cuts between pieces (N,) of the holes, and at their borders."""
    holes, grid = level.holes, level.grid
    of_pixel = torch.full_like(origin, -1)
    of_pixel[holes] = piece
    grid.with_margin(of_pixel)
    parts = []
    for step in (grid.stride, -grid.stride, 1, -1):
        own, other = of_pixel[holes], of_pixel[holes + step]
        beside = (own != other) & (level.source[origin[holes] + step] >= 0)
        pixel = holes[beside]
        beyond = pixel + step
        parts.append((own[beside], origin[pixel] + step, other[beside], _seen(grid, origin, beyond)))
        inner = beside & (other >= 0)
        pixel = holes[inner]
        parts.append((own[inner], origin[pixel], other[inner], origin[grid.shown[pixel + step]] - step))
    return Cuts(*(torch.cat(column) for column in zip(*parts, strict=True)))


def _seen(grid: Grid, origin: Tensor, pixels: Tensor) -> Tensor:
    """Places (n,) that pixels show, of which those in the margin show what they stand for."""
    return origin[grid.shown[pixels]]
