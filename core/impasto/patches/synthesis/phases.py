"""Phase of shifts in a periodic pattern: a shift that keeps it is a whole number of periods, of one sublattice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import torch
from torch import Tensor

from ...regularity.bond import Sublattice
from ..field import Field, PixelGrid
from ..layout import TOLERANCE, Pattern, Patterns

OUT_OF_PHASE = 1e8
"""Cost of a period out of phase; distances are at most about 1e7."""


class Phases:
    """Phases of a pattern on a level of the pyramid, where a pixel is `scale` pixels of the source wide."""

    def __init__(self, pattern: Pattern, scale: int, device: str | torch.device) -> None:
        # one that does not close would hold its break on the border, where it can be seen best
        self.sublattice = pattern.sublattice if pattern.closes else Sublattice()
        self.wave_vectors = torch.as_tensor(pattern.wave_vectors, dtype=torch.double, device=device) * scale
        self.periods_px = 1 / self.wave_vectors.norm(dim=1) if len(self.wave_vectors) else self.wave_vectors[:, 0]
        self.tolerances_px = (TOLERANCE * self.periods_px).clamp(min=0.75)
        self.inverse = torch.linalg.pinv(self.wave_vectors)  # (2, n)

    def __bool__(self) -> bool:
        return len(self.wave_vectors) > 0

    def costs(self, shifts: Tensor) -> Tensor:
        """Costs (N,) of shifts (2, N) in pixels of the level; 0 where they keep the pattern within the tolerance."""
        cycles = self.wave_vectors @ shifts.double()  # (n, N)
        whole = cycles.round()
        off_px = (cycles - whole).abs() * self.periods_px[:, None] - self.tolerances_px[:, None]
        cost = (off_px.clamp(min=0) / self.periods_px[:, None]).sum(0)
        if len(whole) == 2:
            bond = self.sublattice
            along_y, along_x = whole.long()
            rows = torch.div(along_y, bond.rows, rounding_mode="floor")
            is_kept = (along_y % bond.rows == 0) & ((along_x - rows * bond.shift) % bond.columns == 0)
            cost = cost + 0.5 * ~is_kept
        return (OUT_OF_PHASE * cost).float()

    @property
    def repeats(self) -> Tensor:
        """The shortest shifts (n, 2) in pixels but 0 that map the pattern to itself, the shortest first."""
        bond = self.sublattice
        periods = [[bond.rows, bond.shift], [0, bond.columns]] if len(self.wave_vectors) == 2 else [[1]]
        counts = torch.tensor(list(product((-1, 0, 1), repeat=len(periods))), dtype=torch.double)
        counts = counts[counts.any(1)] @ torch.tensor(periods, dtype=torch.double)
        shifts = (self.inverse @ counts.T.to(self.inverse)).T
        return shifts[shifts.norm(dim=1).argsort(stable=True)].round().long()

    def in_phase(self, shifts: Tensor) -> Tensor:
        """Shifts (2, N), of which those out of phase are moved to the next whole number of periods."""
        cycles = self.wave_vectors @ shifts.double()
        moved = (shifts + self.inverse @ (cycles.round() - cycles)).round().long()
        return torch.where(self.costs(shifts) > 0, moved, shifts)


class AtlasPhases:
    """Phases of the patterns of all sources in an atlas, on a level of the pyramid."""

    def __init__(self, patterns: Patterns, scale: int, device: str | torch.device) -> None:
        self.parts = [Phases(part, scale, device) for part in patterns.parts]
        self.tops = [top // scale for top in patterns.tops]

    def __bool__(self) -> bool:
        return any(self.parts)

    def costs(self, places: Tensor, here: Tensor) -> Tensor:
        """Costs (N,) of showing places (2, N) of the atlas `here` (2, N); 0 where they keep their pattern."""
        costs = torch.zeros(places.shape[1], device=places.device)
        for part, (inside, shifts) in self._shifts(places, here):
            costs = torch.where(inside, part.costs(shifts), costs)
        return costs

    def in_phase(self, places: Tensor, here: Tensor) -> Tensor:
        """Places (2, N), of which those out of phase are moved to the next whole number of periods."""
        moved = places
        for part, (inside, shifts) in self._shifts(places, here):
            moved = torch.where(inside, places + part.in_phase(shifts) - shifts, moved)
        return moved

    def keep(self, field: Field) -> None:
        """Move what is out of phase to where it is in phase.

        If that is beyond a border, then to a repeat of it inside; what has none stays where it was.
        """
        if not self:
            return
        here, places = torch.stack(field.grid.torus_position(field.pixels)), torch.stack(field.positions())
        kept = self.in_phase(places, here)
        source = field.source.grid
        beyond = (~source.is_within(*kept)).nonzero()[:, 0]
        kept[:, beyond] = self._in_phase_by_repeats(places[:, beyond], here[:, beyond], source)
        field.show(field.pixels, source.index(*kept))

    def _in_phase_by_repeats(self, places: Tensor, here: Tensor, source: PixelGrid) -> Tensor:
        """Places (2, N), moved to be in phase with `here` by more than one repeat, if that is inside the source."""
        moved = places.clone()
        todo = torch.ones_like(places[0], dtype=torch.bool)
        for part, (own, shifts) in self._shifts(places, here):
            for repeat in part.repeats:
                further = places + part.in_phase(shifts + repeat[:, None]) - shifts
                found = todo & own & source.is_within(*further)
                moved = torch.where(found, further, moved)
                todo &= ~found
        return moved

    def _shifts(self, places: Tensor, here: Tensor) -> Iterator[tuple[Phases, tuple[Tensor, Tensor]]]:
        """Each source with a pattern, whether places (2, N) are in it (N,), and their shifts (2, N) within it."""
        number = torch.bucketize(places[0], torch.tensor(self.tops[1:], device=places.device), right=True)
        for index, (part, top) in enumerate(zip(self.parts, self.tops, strict=True)):
            if part:
                origin = torch.tensor([[top], [0]], device=places.device)
                yield part, (number == index, places - here - origin)
