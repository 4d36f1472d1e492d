"""Steps of a synthesis: a quilt of small pieces on the coarsest level, then alignment and correction on each level.

Costs include repeated uses of a part of the source (Kaspar et al. 2015), a pattern out of phase, and differences from a
guide.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from .correction import BestChoice, Correction
from .exemplar import ExemplarLevel, LevelGuidance
from .features import RADIUS_PX
from .field import STEPS, Field, PixelGrid, moves_of_pieces
from .layout import Pieces, plan
from .phases import Patterns
from .quilting import Quilter

LAYOUT_VARIETY = 4.0
"""Variety of the quilt that is the first layout, with full variation."""
PIECE_OVERLAP = 0.3
"""Overlap of the pieces of the first layout, relative to their side."""
LEAST_VARIETY = 0.05
"""Least variety of a quilt; it also makes quilts avoid pixels that are left out."""
USED_UP = 1e3
"""Number of uses that a pixel gets if it is left out."""
CHUNK = 1 << 16
"""Most pixels that are corrected at once."""
LEFT_OUT = 1e9
"""Cost of pixels that must not be shown; distances are at most about 1e7."""


def first_layout(
    level: ExemplarLevel,
    grid: PixelGrid,
    piece_px: float,
    variation: float,
    patterns: Patterns,
    rng: np.random.Generator,
    guidance: LevelGuidance | None = None,
) -> Field:
    """Field of a quilt of small pieces on the coarsest level; finer levels will move its cuts.

    piece_px: side of a piece, in pixels of the source. variation: as for `Session.synthesise`.
    """
    height, width = level.grid.size
    channels = level.grid.image(level.channels).permute(2, 0, 1).contiguous()
    features = channels / channels.square().mean((1, 2)).sum().sqrt().clamp(min=1)
    layout = plan((height, width), grid.torus_size, max(4, round(piece_px / level.scale)), PIECE_OVERLAP)
    guide = (guidance.source, guidance.target) if guidance else None
    pieces = Pieces(variety=max(LAYOUT_VARIETY * variation, LEAST_VARIETY))
    quilter = Quilter(features, layout, patterns, pieces, rng, guide)
    left_out = level.grid.image(level.left_out)[None].float()
    quilter.history.uses += USED_UP * avg_pool2d(left_out, layout.scale)[0].cpu().numpy()
    for _ in quilter.cover():
        pass
    y, x = grid.torus_position(grid.inside)
    field = Field(grid, level, torch.zeros_like(grid.shown_pixels), grid.inside)
    field.show(grid.inside, level.grid.inside[quilter.torus.origin[y, x]])
    return field


def align(field: Field, patterns: Patterns, generator: torch.Generator) -> None:
    """Move the pieces of a field to where their borders fit best on this level.

    Pixels with the same shift, up to turns around the torus, are a piece; it stays inside the source.
    """
    height, width = field.grid.torus_size
    places, here = torch.stack(field.positions()), torch.stack(field.grid.torus_position(field.pixels))
    shifts = places - here
    _, piece = ((shifts[0] % height) * width + shifts[1] % width).unique(return_inverse=True)
    none = torch.zeros(2, int(piece.max()) + 1, dtype=torch.long, device=piece.device)
    shift, place = none.clone(), none.clone()
    shift[:, piece], place[:, piece] = shifts, places  # of any pixel of each piece
    lowest, highest = (
        none.scatter_reduce(1, piece.expand(2, -1), places, one, include_self=False) for one in ("amin", "amax")
    )
    last = torch.tensor(field.source.grid.size, device=piece.device)[:, None] - 1
    steps = torch.tensor(STEPS, device=piece.device)

    def other_costs(moved: Tensor) -> Tensor:
        costs = torch.zeros(len(STEPS), moved.shape[1], dtype=torch.double, device=moved.device)
        if patterns:
            costs += torch.stack([patterns.costs(place + moved + step[:, None], place - shift) for step in steps])
        moves = moved + steps[:, :, None]  # (steps, 2, pieces)
        return costs.masked_fill(((lowest + moves < 0) | (highest + moves > last)).any(1), torch.inf)

    known = torch.ones_like(field.source.source, dtype=torch.bool)
    moved = moves_of_pieces(field, piece, known, generator, other_costs)
    y, x = places + moved[:, piece]
    field.show(field.pixels, field.source.grid.index(y, x))


class AppearanceCorrection(Correction):
    """Corrects a field that covers all pixels of a torus, or all chart texels of a mesh.

    variety: cost of a part of the source that is used twice as often as the mean, in mean distances.
    """

    reaches_px = (1, 1, 2, 4, 8, 16, 40)

    def __init__(
        self,
        field: Field,
        level: ExemplarLevel,
        patterns: Patterns,
        variety: float,
        generator: torch.Generator,
        guidance: LevelGuidance | None = None,
    ) -> None:
        super().__init__(field, generator)
        self.level, self.patterns, self.variety, self.guidance = level, patterns, variety, guidance
        self.values = level.channels[field.place[field.grid.shown_pixels]]  # (P, C)
        self.uses = torch.zeros(0)

    def one_pass(self) -> Iterator[float]:
        """Count uses of the whole source first."""
        uses = self.level.uses(self.field)
        self.uses = self.level.grid.pixels_of(self.guidance.relative_uses(uses) if self.guidance else uses)
        yield from super().one_pass()

    def chunks(self, pixels: Tensor) -> Iterator[tuple[float, Tensor]]:
        """Whole rows of pixels."""
        if not len(pixels):
            return
        y, _ = self.field.grid.position(pixels)
        band = torch.div(y - y[0], 2 * max(1, 2 * CHUNK // self.field.grid.size[1]), rounding_mode="floor")
        done = 0
        for chunk in pixels.split(torch.unique_consecutive(band, return_counts=True)[1].tolist()):
            done += len(chunk)
            yield done / len(pixels), chunk

    def choice(self, pixels: Tensor) -> BestChoice:
        """The choice for pixels at a cut or showing left-out ones; costs are relative to the mean distance of all."""
        level, grid = self.level, self.field.grid
        (y, x), (height, width) = grid.position(pixels), grid.size
        # since the margin is a radius, windows begin at the position of their centres
        side, left, right = 2 * RADIUS_PX, int(x.min()), int(x.max())
        rows, columns = slice(int(y[0]), int(y[-1]) + side + 1), slice(left, right + side + 1)
        around = self.values.view(height + side, width + side, -1)[rows, columns]
        target = level.appearance.of(around.permute(2, 0, 1))  # of every second pixel, (n, D)
        every = torch.div(y - y[0], 2, rounding_mode="floor") * ((right - left) // 2 + 1) + (x - left) // 2
        target = target[every]  # (N, D)
        own = self.field.place[pixels]
        distance = (target - level.vectors[own]).square().sum(1)
        mean = float(distance.double().mean())
        uses = self.uses.sub(1).clamp(min=0) * (self.variety * mean)
        cut = (self.is_at_cut(pixels) | level.left_out[own]).nonzero()[:, 0]
        pixels, target = pixels[cut], target[cut]
        here = torch.stack(grid.torus_position(pixels))

        def costs(places: Tensor, among: Tensor | slice, factor: float) -> Tensor:
            distance = (target[among] - level.vectors[places]).square().sum(1)
            other = uses[places] + LEFT_OUT * level.left_out[places]
            if self.guidance:
                other += mean * self.guidance.costs(places, pixels[among])
            if self.patterns:
                other = other + self.patterns.costs(torch.stack(level.grid.position(places)), here[:, among])
            return factor * distance + other

        return BestChoice(self.field, pixels, costs)

    def anywhere(self, pixels: Tensor) -> Tensor:
        """Random places (n,) for pixels (n,), in phase with the pattern."""
        anywhere = super().anywhere(pixels)
        if not self.patterns:
            return anywhere
        here = torch.stack(self.field.grid.torus_position(pixels))
        return self.level.at(*self.patterns.in_phase(torch.stack(self.level.grid.position(anywhere)), here))

    def show(self, pixels: Tensor, places: Tensor) -> None:
        """Show places (n,) at pixels (n,), and their channels."""
        super().show(pixels, places)
        self.values[pixels] = self.level.channels[places]
        self.field.grid.with_margin(self.values)
