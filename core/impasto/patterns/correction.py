"""Correction of a field on one level of the pyramid, so that every window looks like one of the source.

Each pixel at a cut takes the best of a few candidates (Lefebvre & Hoppe 2005): what continues its neighbours, random
places near the best so far (PatchMatch, Barnes et al. 2009), and pixels that look alike, for k-coherent search (Tong et
al. 2002), which are found on the coarsest level among all and refined from level to level.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from itertools import product

import torch
from torch import Tensor

from .field import Field, SourceGrid

PASSES = {"quick": (3, 2, 1), "usual": (6, 3, 2), "best": (12, 8, 5)}
"""Corrections of the coarsest level, the next, and all finer ones, by quality."""
JUMP = 2.0
"""Factor of distances that what does not continue a neighbour must beat: pieces stay whole, instead of melting."""
NEIGHBOURS = tuple((dy, dx) for dy, dx in product((-1, 0, 1), repeat=2) if dy or dx)

Costs = Callable[[Tensor, Tensor | slice, float], Tensor]
"""Costs (n,) of places (n,) for some of the pixels, whose distances count a number of times."""
REACHES_PX = (1, 1, 3, 8)
"""Largest distances of random candidates from the best so far; one more is anywhere."""
COUNT = 3
APART = 0.05
"""Least distance between similar pixels, relative to the source's shorter side, so that they are no neighbours."""
MOST_COMPARED = 1024
CHUNK = 1024
NEARBY = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))


class BestChoice:
    """The best places (N,) so far of some pixels (N,), and their costs (N,)."""

    def __init__(self, field: Field, pixels: Tensor, costs: Costs) -> None:
        self.source, self.pixels, self.costs = field.source, pixels, costs
        self.place = field.place[pixels]
        self.cost = costs(self.place, slice(None), 1.0)

    def consider(self, places: Tensor, factor: float) -> None:
        """Take places (N,), or -1 for none, where they are cheaper; their distances count `factor` times."""
        among = ((places >= 0) & (places != self.place)).nonzero()[:, 0]
        places = places[among]
        cost = self.costs(places, among, factor)
        is_better = cost < self.cost[among]
        among = among[is_better]
        self.cost[among] = cost[is_better]
        self.place[among] = places[is_better]


class Correction(ABC):
    """Corrects a field in place. A subclass says what places cost, and where else to look."""

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
        """Correct pixels of one parity together, so that few see their neighbours change; yields the fraction done."""
        pixels = self.field.pixels
        y, x = self.field.grid.position(pixels)
        for part, parity in enumerate(torch.randperm(4, generator=self.generator).tolist()):
            for done, chunk in self.chunks(pixels[(y % 2 == parity // 2) & (x % 2 == parity % 2)]):
                self._correct(chunk)
                yield (part + done) / 4

    @abstractmethod
    def chunks(self, pixels: Tensor) -> Iterator[tuple[float, Tensor]]:
        """Those of the pixels that are corrected at a time, and the fraction done after them."""

    @abstractmethod
    def choice(self, pixels: Tensor) -> BestChoice:
        """The choice for those of the pixels that are at a cut, beginning with what they show."""

    @abstractmethod
    def jumps(self, choice: BestChoice, beside: Tensor) -> Iterable[Tensor]:
        """Candidates (n,) that continue no neighbour, next to which `beside` (8, n) is shown; -1 for none."""

    def show(self, pixels: Tensor, places: Tensor) -> None:
        """Show places (n,) at pixels (n,)."""
        self.field.show(pixels, places)

    def is_at_cut(self, pixels: Tensor) -> Tensor:
        """Whether pixels (n,) do not continue all their neighbours."""
        continued = self.field.place[pixels + self.steps] - self.source_steps
        return (continued != self.field.place[pixels]).any(0)

    def _correct(self, pixels: Tensor) -> None:
        """Show the best of all candidates at those of the pixels that are at a cut."""
        choice, source = self.choice(pixels), self.field.source
        beside = self.field.place[choice.pixels + self.steps]  # (8, n)
        for continued in beside - self.source_steps:
            choice.consider(source.allowed_places(continued, choice.pixels), 1.0)
        for jump in self.jumps(choice, beside):
            choice.consider(jump, JUMP)
        self.show(choice.pixels, choice.place)


def places_near(source: SourceGrid, places: Tensor, reach_px: int, generator: torch.Generator) -> Tensor:
    """Random places (n,) at most `reach_px` from places (n,) in each direction; -1 where nothing may be taken."""
    y, x = source.grid.position(places)
    moves = torch.randint(-reach_px, reach_px + 1, (2, len(y)), generator=generator).to(y.device)
    return source.at(y + moves[0], x + moves[1])


def find_similar(vectors: Tensor, size: tuple[int, int]) -> Tensor:
    """Indices (h w, COUNT) of the nearest of the vectors (h w, D) that lie apart from the pixel and from each other."""
    height, width = size
    total = len(vectors)
    compared = torch.arange(0, total, -(-total // MOST_COMPARED), device=vectors.device)
    apart = max(2, round(APART * min(height, width)))
    known = vectors[compared]
    squares = known.square().sum(1)
    rows, columns = (compared // width).int(), (compared % width).int()  # half as wide, so twice as fast
    found = torch.empty(total, COUNT, dtype=torch.int32, device=vectors.device)
    for start in range(0, total, CHUNK):
        here = torch.arange(start, min(total, start + CHUNK), device=vectors.device)
        distances = squares - 2 * vectors[here] @ known.T
        chosen = here
        for number in range(COUNT):
            down = ((chosen // width).int()[:, None] - rows).abs()
            along = ((chosen % width).int()[:, None] - columns).abs()
            distances.masked_fill_(torch.maximum(down, along) < apart, torch.inf)
            chosen = compared[distances.argmin(1)]
            found[here, number] = chosen.int()
    return found


def refine_similar(coarse: Tensor, coarse_width: int, vectors: Tensor, size: tuple[int, int]) -> Tensor:
    """Indices (h w, COUNT) from those of a level half as large: the nearest of vectors (h w, D) near these."""
    height, width = size
    coarse_height = len(coarse) // coarse_width
    y = torch.arange(height, device=vectors.device)[:, None]
    x = torch.arange(width, device=vectors.device)
    parent_y, parent_x = (y // 2).clamp(max=coarse_height - 1), (x // 2).clamp(max=coarse_width - 1)
    parent = (parent_y * coarse_width + parent_x).flatten()
    rest_y = (y - 2 * parent_y).expand(height, width).flatten()
    rest_x = (x - 2 * parent_x).expand(height, width).flatten()
    found = torch.empty(height * width, coarse.shape[1], dtype=torch.int32, device=vectors.device)
    for part in torch.arange(height * width, device=vectors.device).split(1 << 18):
        for number in range(coarse.shape[1]):
            near = coarse[parent[part], number].long()
            near_y, near_x = 2 * (near // coarse_width) + rest_y[part], 2 * (near % coarse_width) + rest_x[part]
            indices = torch.stack(
                [(near_y + dy).clamp(0, height - 1) * width + (near_x + dx).clamp(0, width - 1) for dy, dx in NEARBY]
            )
            distances = torch.stack([(vectors[index] - vectors[part]).square().sum(1) for index in indices])
            found[part, number] = indices.gather(0, distances.argmin(0)[None])[0].int()
    return found
