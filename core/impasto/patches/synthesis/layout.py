"""First layout of a synthesis, a quilt of small pieces on the coarsest level, and alignment of pieces on each level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ..alignment import STEPS, moves_of_pieces
from ..field import Field, PixelGrid
from ..layout import Patterns, plan
from ..quilting import Quilter
from .exemplar import ExemplarLevel
from .guidance import LevelGuidance
from .phases import AtlasPhases

LAYOUT_VARIETY = 4.0
"""Variety of the quilt that is the first layout, with all variation."""
PIECE_OVERLAP = 0.3
"""Overlap of the pieces of the first layout, relative to their side."""
LEAST_VARIETY = 0.05
"""Least variety of a quilt, which also keeps it away from what is left out."""
USED_UP = 1e3
"""Number of uses that a pixel counts as if it is left out."""


def first_layout(
    level: ExemplarLevel,
    grid: PixelGrid,
    piece_px: float,
    variation: float,
    patterns: Patterns,
    rng: np.random.Generator,
    guidance: LevelGuidance | None = None,
) -> Field:
    """The field of a quilt of small pieces on the coarsest level, whose cuts the finer levels then move.

    piece_px: side of a piece, in pixels of the source. variation: as of `Session.synthesise`.
    """
    height, width = level.grid.size
    channels = level.grid.image(level.channels).permute(2, 0, 1).contiguous()
    features = channels / channels.square().mean((1, 2)).sum().sqrt().clamp(min=1)
    layout = plan((height, width), grid.torus_size, max(4, round(piece_px / level.scale)), PIECE_OVERLAP)
    guide = (guidance.given, guidance.wanted) if guidance else None
    quilter = Quilter(
        features, layout, patterns.at_scale(level.scale), max(LAYOUT_VARIETY * variation, LEAST_VARIETY), rng, guide
    )
    left_out = level.grid.image(level.left_out)[None].float()
    quilter.history.uses += USED_UP * avg_pool2d(left_out, layout.scale)[0].cpu().numpy()
    for _ in quilter.cover():
        pass
    y, x = grid.torus_position(grid.inside)
    field = Field(grid, level, torch.zeros_like(grid.shown_pixels), grid.inside)
    field.show(grid.inside, level.grid.inside[quilter.torus.origin[y, x]])
    return field


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
    height, width = field.grid.torus_size
    places, here = torch.stack(field.positions()), torch.stack(field.grid.torus_position(field.pixels))
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
