"""Correction of a field on one level of the pyramid, so that every window looks like one of the source.

Each pixel at a cut takes the best of a few candidates (Lefebvre & Hoppe 2005): places that continue its neighbours, and
random places near the best of these or anywhere (PatchMatch, Barnes et al. 2009).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from itertools import product

import torch
from torch import Tensor

from .field import Field

PASSES = {"quick": (3, 2, 1), "usual": (6, 3, 2), "best": (12, 8, 5)}
"""Numbers of corrections of the coarsest level, the next, and all finer ones, by quality."""
JUMP = 2.0
"""Factor of the cost of places that continue no neighbour, so that pieces stay whole instead of melting."""
NEIGHBOURS = tuple((dy, dx) for dy, dx in product((-1, 0, 1), repeat=2) if dy or dx)

Costs = Callable[[Tensor, Tensor | slice, float], Tensor]
"""Function for costs (n,) of places (n,) for some of the pixels; the float is a factor of their distances."""


class BestChoice:
    """The best places (N,) so far for some pixels (N,), and their costs (N,)."""

    def __init__(self, field: Field, pixels: Tensor, costs: Costs) -> None:
        self.source, self.pixels, self.costs = field.source, pixels, costs
        self.place = field.place[pixels]
        self.cost = costs(self.place, slice(None), 1.0)

    def consider(self, places: Tensor, factor: float) -> None:
        """Take places (N,) where they are cheaper; -1 is no place. factor: of their distances."""
        among = ((places >= 0) & (places != self.place)).nonzero()[:, 0]
        places = places[among]
        cost = self.costs(places, among, factor)
        is_better = cost < self.cost[among]
        among = among[is_better]
        self.cost[among] = cost[is_better]
        self.place[among] = places[is_better]


class Correction(ABC):
    """Corrects a field in place. A subclass computes costs of places.

    reaches_px: largest distances of random candidates from the best place so far; a further candidate may be anywhere.
    """

    reaches_px: tuple[int, ...]

    def __init__(self, field: Field, generator: torch.Generator) -> None:
        self.field, self.generator = field, generator
        self.steps, self.source_steps = (
            torch.tensor([dy * grid.stride + dx for dy, dx in NEIGHBOURS], device=field.place.device)[:, None]
            for grid in (field.grid, field.source.grid)
        )

    def passes(self, count: int) -> Iterator[float]:
        """Correct every pixel at a cut `count` times; yields the fraction done."""
        for number in range(count):
            for done in self.one_pass():
                yield (number + done) / count

    def one_pass(self) -> Iterator[float]:
        """Correct pixels of one parity together, so that few of their neighbours change; yields the fraction done."""
        pixels = self.field.pixels
        y, x = self.field.grid.position(pixels)
        for part, parity in enumerate(torch.randperm(4, generator=self.generator).tolist()):
            for done, chunk in self.chunks(pixels[(y % 2 == parity // 2) & (x % 2 == parity % 2)]):
                self._correct(chunk)
                yield (part + done) / 4

    @abstractmethod
    def chunks(self, pixels: Tensor) -> Iterator[tuple[float, Tensor]]:
        """Fractions done, and groups of pixels that are corrected together."""

    @abstractmethod
    def choice(self, pixels: Tensor) -> BestChoice:
        """The choice for those pixels that are at a cut, which begins with the places that they show."""

    def anywhere(self, pixels: Tensor) -> Tensor:
        """Random places (n,) for pixels (n,); -1 for none."""
        return self.field.source.anywhere(pixels, self.generator)

    def show(self, pixels: Tensor, places: Tensor) -> None:
        """Show places (n,) at pixels (n,)."""
        self.field.show(pixels, places)

    def is_at_cut(self, pixels: Tensor) -> Tensor:
        """Whether pixels (n,) do not continue all their neighbours."""
        continued = self.field.place[pixels + self.steps] - self.source_steps
        return (continued != self.field.place[pixels]).any(0)

    def _correct(self, pixels: Tensor) -> None:
        """Show the best of all candidates at those pixels that are at a cut."""
        choice, source = self.choice(pixels), self.field.source
        beside = self.field.place[choice.pixels + self.steps]  # (8, n)
        for continued in beside - self.source_steps:
            choice.consider(source.allowed_places(continued, choice.pixels), 1.0)
        near = [source.near(choice.place, reach_px, self.generator) for reach_px in self.reaches_px]
        for jump in (*(source.of_kind(places, choice.pixels) for places in near), self.anywhere(choice.pixels)):
            choice.consider(jump, JUMP)
        self.show(choice.pixels, choice.place)
