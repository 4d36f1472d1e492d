"""Correction of a field of positions on one level of the pyramid, so that every window looks like one of the source.

Each pixel takes the best of a few candidates (Lefebvre & Hoppe 2005): what continues its neighbours, what looks alike
(k-coherence, Tong et al. 2002), and random places (PatchMatch, Barnes et al. 2009). Uses of a part of the source cost
something (Kaspar et al. 2015). Pixels of one parity are corrected together, so that few see their neighbours change.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import torch
from torch import Tensor

from .appearance import RADIUS_PX
from .guidance import LevelGuidance
from .layout import is_inside
from .level import Level
from .phases import AtlasPhases

CHUNK = 1 << 16
"""Most pixels that are corrected at a time."""
JUMP = 2.0
"""Factor of distances that what does not continue a neighbour must beat: pieces stay whole, instead of melting."""
LEFT_OUT = 1e9
"""Cost of what must not be shown; distances are at most about 1e7."""
REACHES_PX = (1, 1, 3, 8)
"""Largest distances of random candidates from the best so far; one more is anywhere."""
NEIGHBOURS = tuple((dy, dx) for dy, dx in product((-1, 0, 1), repeat=2) if dy or dx)


class Correction:
    """A field (2, H, W) of positions inside a level that shows its pixels, corrected in place.

    variety: cost of a part of the source that is used twice as often as the mean, in mean distances.
    """

    def __init__(
        self,
        level: Level,
        phases: AtlasPhases,
        field: Tensor,
        variety: float,
        generator: torch.Generator,
        guidance: LevelGuidance | None = None,
    ) -> None:
        self.level, self.phases, self.field, self.variety, self.generator = level, phases, field, variety, generator
        self.guidance = guidance
        self.shown = level.channels[:, field[0], field[1]]
        self.uses = torch.zeros(0)

    def index(self) -> Tensor:
        """Flat indices (H, W) into the level."""
        return self.field[0] * self.level.size[1] + self.field[1]

    def passes(self, count: int) -> Iterator[float]:
        """Correct every pixel `count` times; yields the fraction done."""
        height, width = self.field.shape[1:]
        rows_at_a_time = max(1, 2 * CHUNK // width)
        for number in range(count):
            self.uses = self.level.uses(self.index())
            if self.guidance:
                self.uses = self.guidance.relative_uses(self.uses)
            for part, parity in enumerate(torch.randperm(4, generator=self.generator).tolist()):
                rows = torch.arange(parity // 2, height, 2)
                for chunk in rows.split(rows_at_a_time):
                    self._correct(chunk.to(self.field.device), parity % 2)
                    done = part + (int(chunk[-1]) + 1) / height
                    yield min(1.0, (number + done / 4) / count)

    def _correct(self, rows: Tensor, first_column: int) -> None:
        """Correct every second pixel of the rows (R), which are every second row."""
        columns = torch.arange(first_column, self.field.shape[2], 2, device=rows.device)
        if not len(columns):
            return
        search = _Search(self, rows, columns)
        beside = torch.stack([self._beside(rows, columns, shift) for shift in NEIGHBOURS])  # (8, 2, N)
        shifts = torch.tensor(NEIGHBOURS, device=rows.device)[:, :, None]
        cut = ((beside - shifts != search.best).any(0).any(0) | search.is_left_out).nonzero()[:, 0]
        beside = beside[:, :, cut]
        for continued in beside - shifts:
            search.consider(continued, cut, 1.0)
        self._jump(search, cut, beside, shifts)
        self.field[:, rows[:, None], columns] = search.best.view(2, len(rows), len(columns))
        self.shown[:, rows[:, None], columns] = self.level.channels[:, search.best[0], search.best[1]].view(
            -1, len(rows), len(columns)
        )

    def _beside(self, rows: Tensor, columns: Tensor, shift: tuple[int, int]) -> Tensor:
        """Positions (2, N) that the neighbours at `shift` of the pixels show, around the torus."""
        height, width = self.field.shape[1:]
        return self.field[:, ((rows + shift[0]) % height)[:, None], (columns + shift[1]) % width].flatten(1)

    def _jump(self, search: _Search, cut: Tensor, beside: Tensor, shifts: Tensor) -> None:
        """Consider what continues no neighbour, for pixels at cuts, next to which `beside` (8, 2, n) is shown."""
        width = self.level.size[1]
        for (y, x), shift in zip(beside, shifts, strict=True):
            for alike in self.level.similar[y * width + x].long().T:
                search.consider(torch.stack([alike // width, alike % width]) - shift, cut, JUMP)
        for reach in REACHES_PX:
            moved = torch.randint(-reach, reach + 1, (2, len(cut)), generator=self.generator).to(cut.device)
            search.consider(search.best[:, cut] + moved, cut, JUMP)
        anywhere = self.level.anywhere(len(cut), self.generator)
        if self.phases:
            anywhere = self.phases.snapped(anywhere, search.here[:, cut])
        search.consider(anywhere, cut, JUMP)


class _Search:
    """The best candidates (2, N) so far of the pixels at rows and columns, and their costs (N,)."""

    def __init__(self, correction: Correction, rows: Tensor, columns: Tensor) -> None:
        self.level, self.phases, self.guidance = correction.level, correction.phases, correction.guidance
        height, width = correction.field.shape[1:]
        around_rows = torch.arange(int(rows[0]) - RADIUS_PX, int(rows[-1]) + RADIUS_PX + 1, device=rows.device)
        around_columns = torch.arange(int(columns[0]) - RADIUS_PX, int(columns[-1]) + RADIUS_PX + 1, device=rows.device)
        padded = correction.shown[:, (around_rows % height)[:, None], around_columns % width]
        self.wanted = self.level.appearance.of(padded)  # (N, D)
        self.here = torch.stack(torch.meshgrid(rows, columns, indexing="ij")).flatten(1)
        self.best = correction.field[:, rows[:, None], columns].flatten(1)
        self.is_left_out = self.level.left_out[self._index(self.best)]
        known = self.level.appearance.vectors[self._index(self.best)]
        distance = (self.wanted - known).square().sum(1)
        self.mean = float(distance.double().mean())
        self.uses = correction.uses.sub(1).clamp(min=0) * (correction.variety * self.mean)
        self.cost = distance + self._other_costs(self.best, slice(None))

    def consider(self, places: Tensor, among: Tensor, factor: float) -> None:
        """Take places (2, n) for the pixels `among` (n), where cheaper; their distances count `factor` times."""
        is_new = is_inside(places, self.level.size) & (places != self.best[:, among]).any(0)
        places, among = places[:, is_new], among[is_new]
        known = self.level.appearance.vectors[self._index(places)]
        distance = (self.wanted[among] - known).square().sum(1)
        cost = factor * distance + self._other_costs(places, among)
        is_better = cost < self.cost[among]
        among = among[is_better]
        self.cost[among] = cost[is_better]
        self.best[:, among] = places[:, is_better]

    def _index(self, places: Tensor) -> Tensor:
        return places[0] * self.level.size[1] + places[1]

    def _other_costs(self, places: Tensor, among: Tensor | slice) -> Tensor:
        """Costs (n,) of using places (2, n) too often or at all, of leaving the pattern, and of what is not wanted."""
        index = self._index(places)
        cost = self.uses[index] + LEFT_OUT * self.level.left_out[index]
        if self.guidance:
            cost += self.mean * self.guidance.costs(index, self.here[:, among])
        return cost + self.phases.costs(places, self.here[:, among]) if self.phases else cost
