"""Correction of a field on one level of a photograph's pyramid, by appearance and by what else is wanted.

Uses of a part of the source cost something (Kaspar et al. 2015), and so do a pattern out of phase and what differs from
a guide. What looks alike is considered, and random places.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ..candidates import REACHES_PX, places_near
from ..correction import BestChoice, Correction
from ..features import RADIUS_PX
from ..field import Field
from .exemplar import ExemplarLevel
from .guidance import LevelGuidance
from .phases import AtlasPhases

CHUNK = 1 << 16
"""Most pixels that are corrected at a time."""
LEFT_OUT = 1e9
"""Cost of what must not be shown; distances are at most about 1e7."""


class AppearanceCorrection(Correction):
    """Corrects a field that covers all pixels of a torus, or all texels of the charts of a mesh.

    variety: cost of a part of the source that is used twice as often as the mean, in mean distances.
    """

    def __init__(
        self,
        field: Field,
        level: ExemplarLevel,
        phases: AtlasPhases,
        variety: float,
        generator: torch.Generator,
        guidance: LevelGuidance | None = None,
    ) -> None:
        super().__init__(field, generator)
        self.level, self.phases, self.variety, self.guidance = level, phases, variety, guidance
        self.shown = level.channels[field.place[field.grid.shown_pixels]]  # (P, C)
        self.uses = torch.zeros(0)

    def one_pass(self) -> Iterator[float]:
        """Count the uses of the whole source first."""
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
        """The pixels at a cut, and those that show what is left out; costs are relative to the mean distance of all."""
        level, grid = self.level, self.field.grid
        (y, x), (height, width) = grid.position(pixels), grid.size
        # with a margin of a radius, windows begin at the position of their centre
        side, left, right = 2 * RADIUS_PX, int(x.min()), int(x.max())
        rows, columns = slice(int(y[0]), int(y[-1]) + side + 1), slice(left, right + side + 1)
        around = self.shown.view(height + side, width + side, -1)[rows, columns]
        wanted = level.appearance.of(around.permute(2, 0, 1))  # of every second pixel, (n, D)
        every = torch.div(y - y[0], 2, rounding_mode="floor") * ((right - left) // 2 + 1) + (x - left) // 2
        wanted = wanted[every]  # (N, D)
        own = self.field.place[pixels]
        distance = (wanted - level.vectors[own]).square().sum(1)
        mean = float(distance.double().mean())
        uses = self.uses.sub(1).clamp(min=0) * (self.variety * mean)
        cut = (self.is_at_cut(pixels) | level.left_out[own]).nonzero()[:, 0]
        pixels, wanted = pixels[cut], wanted[cut]
        here = torch.stack(grid.torus_position(pixels))

        def costs(places: Tensor, among: Tensor | slice, factor: float) -> Tensor:
            distance = (wanted[among] - level.vectors[places]).square().sum(1)
            other = uses[places] + LEFT_OUT * level.left_out[places]
            if self.guidance:
                other += mean * self.guidance.costs(places, pixels[among])
            if self.phases:
                other = other + self.phases.costs(torch.stack(level.grid.position(places)), here[:, among])
            return factor * distance + other

        return BestChoice(self.field, pixels, costs)

    def jumps(self, choice: BestChoice, beside: Tensor) -> Iterator[Tensor]:
        """Places that look like the neighbours continued, and random ones."""
        level = self.level
        for places, step in zip(beside, self.source_steps, strict=True):
            for alike in level.similar[places].long().T:
                yield level.allowed_places(alike - step, choice.pixels)
        for reach_px in REACHES_PX:
            yield places_near(self.level, choice.place, reach_px, self.generator)
        anywhere = level.anywhere(choice.pixels, self.generator)
        if self.phases:
            here = torch.stack(self.field.grid.torus_position(choice.pixels))
            y, x = self.phases.in_phase(torch.stack(level.grid.position(anywhere)), here)
            anywhere = level.at(y, x)
        yield anywhere

    def show(self, pixels: Tensor, places: Tensor) -> None:
        """Show places (n,) at pixels (n,), and their channels."""
        super().show(pixels, places)
        self.shown[pixels] = self.level.channels[places]
        self.field.grid.with_margin(self.shown)
