"""Correction of what fills holes, on one level of the pyramid.

Only the pixels of holes are visited, windows are compared as they are, and what surrounds a hole never changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ..candidates import REACHES_PX, places_near
from ..correction import BestChoice, Correction
from ..features import window_weights
from ..field import Field
from .holes import HoleLevel

CHUNK = 1 << 12
"""Most pixels that are corrected at a time."""
NEVER = 1e9
"""Cost of what must not be shown."""


class HoleCorrection(Correction):
    """Corrects a field of places in a picture that the pixels of its holes show."""

    def __init__(self, field: Field, level: HoleLevel, generator: torch.Generator) -> None:
        super().__init__(field, generator)
        self.level = level
        self.weights = (4 * window_weights()).round().float().flatten().to(field.place.device)
        self.outside = ~level.grid.is_inside()
        self.has_outside = bool(self.outside[level.holes[:, None] + level.grid.offsets].any())
        self.show(level.holes, field.place[level.holes])

    def chunks(self, pixels: Tensor) -> Iterator[tuple[float, Tensor]]:
        """Those that are at a cut, or show what they must not."""
        own = self.field.place[pixels]
        at_cuts = pixels[self.is_at_cut(pixels) | (self.level.allowed_places(own, pixels) < 0)]
        for number, chunk in enumerate(at_cuts.split(CHUNK)):
            yield min(1.0, (number + 1) * CHUNK / max(1, len(at_cuts))), chunk

    def choice(self, pixels: Tensor) -> BestChoice:
        """All of the pixels."""
        vectors, offsets = self.level.vectors, self.level.grid.offsets
        wanted, weights = vectors[pixels[:, None] + offsets], self._weights(pixels)  # (n, 25, C), (n, 25)

        def costs(places: Tensor, among: Tensor | slice, factor: float) -> Tensor:
            windows = vectors[places[:, None] + offsets]
            return factor * (windows.sub_(wanted[among]).square_().sum(2) * weights[among]).sum(1)

        choice = BestChoice(self.field, pixels, costs)
        choice.cost[self.level.allowed_places(choice.place, pixels) < 0] = NEVER
        return choice

    def jumps(self, choice: BestChoice, beside: Tensor) -> Sequence[Tensor]:
        """Random places, all of them near what continues the neighbours best."""
        near = [places_near(self.level, choice.place, reach_px, self.generator) for reach_px in REACHES_PX]
        return [
            *(self.level.of_kind(places, choice.pixels) for places in near),
            self.level.anywhere(choice.pixels, self.generator),
        ]

    def show(self, pixels: Tensor, places: Tensor) -> None:
        """Show places (n,) at pixels (n,), and their features."""
        super().show(pixels, places)
        self.level.vectors[pixels] = self.level.vectors[places]
        self.level.grid.with_margin(self.level.vectors)

    def _weights(self, pixels: Tensor) -> Tensor:
        """Weights (n, 25) of the windows' pixels: those outside the picture, or on other islands, are not compared."""
        around = pixels[:, None] + self.level.grid.offsets
        weights = self.weights.expand(len(pixels), -1)
        if self.has_outside:
            weights = weights * ~self.outside[around]
        if self.level.island is not None:
            weights = weights * (self.level.island[around] == self.level.island[pixels][:, None])
        return weights
