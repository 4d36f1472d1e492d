"""Alignment of the pieces of a field with their neighbours, by a pixel on each level of the pyramid.

A piece is all that is shifted alike. Weaves that a coarse level does not resolve are out of step between pieces when
they appear on a finer one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from .field import Field

ROUNDS = 4
STEPS = tuple(sorted(product((-1, 0, 1), repeat=2), key=lambda step: abs(step[0]) + abs(step[1])))
"""Moves (y, x) of a piece in pixels, the shortest first."""


@dataclass(frozen=True)
class Borders:
    """Pixels next to cuts: the piece `own` (N,) that shows `place` there, and the one beyond, which shows `beyond`.

    other (N,): the piece beyond, -1 for surroundings, which never move.
    """

    own: Tensor
    place: Tensor
    other: Tensor
    beyond: Tensor


def moves_of_pieces(
    field: Field,
    piece: Tensor,
    known: Tensor,
    generator: torch.Generator,
    other_costs: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Moves (2, pieces) of each piece, to where its borders fit best; piece (N,): that of each of the field's pixels.

    known (P,): whether pixels of the source can be compared. other_costs: those (steps, pieces) of each step after
    moves (2, pieces). Only about half of the pieces move at a time, so that neighbours do not both move towards each
    other.
    """
    count = int(piece.max()) + 1
    borders = _borders(field, piece, known)
    steps = torch.tensor(STEPS, device=piece.device)
    moved = torch.zeros(2, count, dtype=torch.long, device=piece.device)
    for _ in range(ROUNDS):
        moving = (torch.rand(count, generator=generator) < 0.5).to(piece.device)
        costs = _border_costs(field, borders, moved, moving)
        if other_costs:
            costs += other_costs(moved)
        best = costs.argmin(0)  # stays where nothing is better, since that is the first step
        moved = torch.where(moving, moved + steps[best].T, moved)
    return moved


def _border_costs(field: Field, borders: Borders, moved: Tensor, moving: Tensor) -> Tensor:
    """Costs (steps, pieces) of a step of each piece that is `moving`, after all were `moved` (2, pieces).

    Those of cuts (Kwatra et al. 2003, eq. 1, squared), but between windows.
    """
    vectors, stride = field.source.vectors, field.source.grid.stride
    last = len(vectors) - 1
    offsets = moved[0] * stride + moved[1]
    compared = moving[borders.own]
    own, other = borders.own[compared], borders.other[compared]
    there = torch.where(other < 0, 0, offsets[other.clamp(min=0)])
    beyond = vectors[(borders.beyond[compared] + there).clamp(0, last)]
    place = borders.place[compared] + offsets[own]
    costs = torch.zeros(len(STEPS), len(offsets), dtype=torch.double, device=moved.device)
    for cost, (down, right) in zip(costs, STEPS, strict=True):
        difference = vectors[(place + down * stride + right).clamp(0, last)] - beyond
        cost.index_add_(0, own, difference.square().sum(1).double())
    return costs


def _borders(field: Field, piece: Tensor, known: Tensor) -> Borders:
    """Both sides of the cuts between pieces (N,), and of those to the surroundings."""
    grid, pixels = field.grid, field.pixels
    of_pixel = torch.full_like(field.place, -1)
    of_pixel[pixels] = piece
    grid.with_margin(of_pixel)
    source_stride = field.source.grid.stride
    parts = []
    for step, there in ((grid.stride, source_stride), (-grid.stride, -source_stride), (1, 1), (-1, -1)):
        own, other = of_pixel[pixels], of_pixel[pixels + step]
        continued = field.place[pixels] + there
        cut = (own != other) & known[continued]
        beyond = field.place[pixels[cut] + step]
        parts.append((own[cut], continued[cut], other[cut], beyond))
        inner = other[cut] >= 0
        parts.append((own[cut][inner], continued[cut][inner] - there, other[cut][inner], beyond[inner] - there))
    return Borders(*(torch.cat(column) for column in zip(*parts, strict=True)))
