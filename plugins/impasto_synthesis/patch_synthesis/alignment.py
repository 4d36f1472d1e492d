"""Alignment of pieces with their neighbours, by a pixel on each level of the pyramid.

Weaves that a coarse level does not resolve are out of step between pieces when they appear.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from .layout import positions_of
from .level import Level
from .phases import AtlasPhases

ROUNDS = 4
STEPS = tuple(sorted(product((-1, 0, 1), repeat=2), key=lambda step: abs(step[0]) + abs(step[1])))
"""Moves (y, x) of a piece in pixels, the shortest first."""


@dataclass(frozen=True)
class Borders:
    """Pixels beside cuts: the source's positions (2, N) that the piece `own` (N,) has there, and its neighbour `other`.

    Both pixels at a cut count for both pieces.
    """

    own: Tensor
    other: Tensor
    position: Tensor
    beyond: Tensor


@dataclass(frozen=True)
class _Room:
    """The least and the largest moves (2, P) of pieces that stay inside the source."""

    least: Tensor
    largest: Tensor

    @classmethod
    def of(cls, field: Tensor, piece: Tensor, size: tuple[int, int]) -> _Room:
        """That of pieces (H, W) of a field (2, H, W) in a source of this size."""
        places, index = field.flatten(1), piece.flatten().expand(2, -1)
        first = torch.zeros(2, int(piece.max()) + 1, dtype=torch.long, device=field.device)
        lowest = first.scatter_reduce(1, index, places, "amin", include_self=False)
        highest = first.scatter_reduce(1, index, places, "amax", include_self=False)
        return cls(-lowest, torch.tensor(size, device=field.device)[:, None] - 1 - highest)

    def fits(self, moves: Tensor) -> Tensor:
        """Whether moves (n, 2, P) of the pieces keep them inside (n, P)."""
        return ((moves >= self.least) & (moves <= self.largest)).all(1)


def aligned(field: Tensor, level: Level, phases: AtlasPhases, generator: torch.Generator) -> Tensor:
    """The field (2, H, W), whose pieces are moved to where their borders fit best on the level.

    A piece is all that is shifted alike, by any number of turns around the torus. None is moved beyond the source. Only
    about half of the pieces move at a time, so that neighbours do not both move towards each other.
    """
    lengths = field.shape[1:]
    shifts = field - positions_of((lengths[0], lengths[1]), field.device)
    keys = (shifts[0] % lengths[0]) * lengths[1] + shifts[1] % lengths[1]
    _, piece = keys.unique(return_inverse=True)
    count = int(piece.max()) + 1
    first = torch.zeros(2, count, dtype=torch.long, device=field.device)
    first[:, piece.flatten()] = shifts.flatten(1)
    place = torch.zeros_like(first)  # of any pixel of each piece
    place[:, piece.flatten()] = field.flatten(1)
    borders = _borders(field, piece)
    room = _Room.of(field, piece, level.size)
    steps = torch.tensor(STEPS, device=field.device)
    moved = torch.zeros_like(first)
    for _ in range(ROUNDS):
        moving = (torch.rand(count, generator=generator) < 0.5).to(field.device)
        costs = _border_costs(level, borders, moved, moving)
        if phases:
            costs += torch.stack(
                [phases.costs(place + moved + step[:, None], place - first) for step in steps]
            ).double()
        costs[~room.fits(moved + steps[:, :, None])] = torch.inf
        best = costs.argmin(0)  # stays where nothing is better, since that is the first step
        moved = torch.where(moving, moved + steps[best].T, moved)
    return field + moved[:, piece]


def _border_costs(level: Level, borders: Borders, moved: Tensor, moving: Tensor) -> Tensor:
    """Costs (steps, P) of a step of each piece that is `moving` (P,), after pieces were `moved` (2, P).

    Those of cuts (Kwatra et al. 2003, eq. 1, squared), but between windows.
    """
    seen = moving[borders.own]
    own, other = borders.own[seen], borders.other[seen]
    beyond = _vectors(level, borders.beyond[:, seen] + moved[:, other])
    position = borders.position[:, seen] + moved[:, own]
    costs = torch.zeros(len(STEPS), moved.shape[1], dtype=torch.double, device=moved.device)
    for cost, step in zip(costs, STEPS, strict=True):
        difference = _vectors(level, position + torch.tensor(step, device=moved.device)[:, None]) - beyond
        cost.index_add_(0, own, difference.square().sum(1).double())
    return costs


def _borders(field: Tensor, piece: Tensor) -> Borders:
    """The borders between pieces (H, W) of a field (2, H, W)."""
    own, other, position, beyond = [], [], [], []
    for axis, step in enumerate(torch.eye(2, dtype=torch.long, device=field.device)[:, :, None]):
        after = piece.roll(-1, axis)
        cut = piece != after
        here, there = field[:, cut], field.roll(-1, axis + 1)[:, cut]
        own += [piece[cut], piece[cut], after[cut], after[cut]]
        other += [after[cut], after[cut], piece[cut], piece[cut]]
        position += [here, here + step, there - step, there]
        beyond += [there - step, there, here, here + step]
    return Borders(torch.cat(own), torch.cat(other), torch.cat(position, 1), torch.cat(beyond, 1))


def _vectors(level: Level, positions: Tensor) -> Tensor:
    """Vectors (N, D) of windows at positions (2, N), those outside as at the border."""
    height, width = level.size
    index = positions[0].clamp(0, height - 1) * width + positions[1].clamp(0, width - 1)
    return level.appearance.vectors[index]
