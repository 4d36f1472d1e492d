"""Alignment of the pieces of a field on a torus: none is moved beyond the source, or out of phase with a pattern."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.patches.alignment import STEPS, moves_of_pieces
from impasto.patches.field import Field

from .phases import AtlasPhases


@dataclass(frozen=True)
class _Room:
    """The least and the largest moves (2, pieces) of pieces that stay inside the source."""

    least: Tensor
    largest: Tensor

    @classmethod
    def of(cls, places: Tensor, piece: Tensor, size: tuple[int, int]) -> _Room:
        """The room of places (2, N) of pieces (N,) in a source of this size."""
        index = piece.expand(2, -1)
        first = torch.zeros(2, int(piece.max()) + 1, dtype=torch.long, device=piece.device)
        lowest = first.scatter_reduce(1, index, places, "amin", include_self=False)
        highest = first.scatter_reduce(1, index, places, "amax", include_self=False)
        return cls(-lowest, torch.tensor(size, device=piece.device)[:, None] - 1 - highest)

    def fits(self, moves: Tensor) -> Tensor:
        """Whether moves (n, 2, pieces) keep the pieces inside (n, pieces)."""
        return ((moves >= self.least) & (moves <= self.largest)).all(1)


def align(field: Field, phases: AtlasPhases, generator: torch.Generator) -> None:
    """Move the pieces of a field to where their borders fit best on the level.

    A piece is all that is shifted alike, by any number of turns around the torus.
    """
    height, width = field.grid.size
    places, here = torch.stack(field.positions()), torch.stack(field.grid.position(field.pixels))
    shifts = places - here
    _, piece = ((shifts[0] % height) * width + shifts[1] % width).unique(return_inverse=True)
    shift, place = (torch.zeros(2, int(piece.max()) + 1, dtype=torch.long, device=piece.device) for _ in range(2))
    shift[:, piece], place[:, piece] = shifts, places  # of any pixel of each piece
    room, steps = _Room.of(places, piece, field.source.grid.size), torch.tensor(STEPS, device=piece.device)

    def other_costs(moved: Tensor) -> Tensor:
        costs = torch.zeros(len(STEPS), moved.shape[1], dtype=torch.double, device=moved.device)
        if phases:
            costs += torch.stack([phases.costs(place + moved + step[:, None], place - shift) for step in steps])
        return costs.masked_fill(~room.fits(moved + steps[:, :, None]), torch.inf)

    known = torch.ones_like(field.source.source, dtype=torch.bool)
    moved = moves_of_pieces(field, piece, known, generator, other_costs)
    y, x = places + moved[:, piece]
    field.show(field.pixels, field.source.grid.index(y, x))
