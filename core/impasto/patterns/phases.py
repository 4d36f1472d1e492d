"""Phases of shifts in a periodic pattern: shifts by whole periods that are in its sublattice preserve the pattern."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from math import gcd
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from .field import Field, PixelGrid

TOLERANCE = 0.04
"""Largest phase error in a pattern, in periods: bricks are not laid exactly."""
OUT_OF_PHASE = 1e5
"""Penalty of a piece out of phase; differences between pieces are about 1."""
PIXEL_OUT_OF_PHASE = 1e8
"""Cost of a pixel that is a period out of phase; distances of windows are at most about 1e7."""
Integers = TypeVar("Integers", np.ndarray, Tensor)


@dataclass(frozen=True)
class Sublattice:
    """Shifts by whole periods (i, j) along y and x that map a pattern to itself: n (rows, shift) + m (0, columns).

    In Hermite normal form; (1, 1, 2) for a running bond, (1, 0, 1) for the full lattice.
    """

    rows: int = 1
    shift: int = 0
    columns: int = 1

    @property
    def repeat_periods(self) -> tuple[int, int]:
        """Number of periods after which the pattern repeats, along y alone and along x alone."""
        return self.rows * self.columns // gcd(self.shift, self.columns), self.columns

    def contains(self, i: Integers, j: Integers) -> Integers:
        """Whether shifts by i and j whole periods, integers of any shape, map the pattern to itself; bool."""
        return (i % self.rows == 0) & ((j - i // self.rows * self.shift) % self.columns == 0)

    @property
    def is_full_lattice(self) -> bool:
        """Whether every period maps the pattern to itself."""
        return self.rows * self.columns == 1


@dataclass(frozen=True)
class Pattern:
    """A periodic pattern with `wave_vectors` (n, 2), in cycles per pixel (y, x), along which shifts are whole cycles.

    With two wave vectors, shifts are also in `sublattice`. Without wave vectors, pieces are free. closes: whether the
    torus is a whole number of repeats of the sublattice; if not, the sublattice breaks along a line around the torus.
    tolerance: largest phase error, in periods.
    """

    wave_vectors: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    sublattice: Sublattice = field(default_factory=Sublattice)
    closes: bool = True
    tolerance: float = TOLERANCE

    def __bool__(self) -> bool:
        return len(self.wave_vectors) > 0

    @property
    def shortest_px(self) -> float:
        """The shortest period; infinite without wave vectors."""
        return float(min(1 / np.hypot(*self.wave_vectors.T), default=np.inf))

    @property
    def periods_px(self) -> tuple[float, float]:
        """Periods along y and x; 1 along an axis without any."""
        down, right = np.abs(self.wave_vectors).max(0, initial=0).tolist()
        return 1 / (down or 1.0), 1 / (right or 1.0)

    def at_scale(self, scale: int) -> Pattern:
        """The pattern on a level where a pixel is `scale` pixels wide."""
        return replace(self, wave_vectors=np.asarray(self.wave_vectors) * scale)

    def errors(self, shifts: Tensor, least_px: float, bond: Sublattice) -> Tensor:
        """Errors (m, N), in periods, of shifts (2, N) in pixels; 0 where they preserve the pattern.

        One row for each wave vector: errors beyond the tolerance, which is at least `least_px`. With two wave vectors,
        a further row for the bond.
        """
        K = self._vectors(shifts)  # (n, 2)
        period_px = 1 / K.norm(dim=1, keepdim=True)
        cycles = K @ shifts.double()  # (n, N)
        off_px = (cycles - cycles.round()).abs() * period_px - (self.tolerance * period_px).clamp(min=least_px)
        errors = off_px.clamp(min=0) / period_px
        if len(K) < 2:
            return errors
        return torch.cat([errors, 0.5 * ~bond.contains(*cycles.round().long())[None]])

    def costs(self, shifts: Tensor) -> Tensor:
        """Costs (N,) of shifts (2, N) of pixels; 0 where they preserve the pattern within the tolerance."""
        return (PIXEL_OUT_OF_PHASE * self.errors(shifts, 0.75, self._bond).sum(0)).float()

    def in_phase(self, shifts: Tensor) -> Tensor:
        """Shifts (2, N); those out of phase are moved to the nearest whole number of periods."""
        K = self._vectors(shifts)
        cycles = K @ shifts.double()
        moved = (shifts + torch.linalg.pinv(K) @ (cycles.round() - cycles)).round().long()
        return torch.where(self.costs(shifts) > 0, moved, shifts)

    def repeats(self, like: Tensor, most: int = 1) -> Tensor:
        """Shifts (n, 2), in pixels, other than 0, by up to `most` periods that map the pattern to itself, ascending."""
        bond, inverse = self._bond, torch.linalg.pinv(self._vectors(like))
        periods = [[bond.rows, bond.shift], [0, bond.columns]] if len(self.wave_vectors) == 2 else [[1]]
        counts = torch.tensor(list(product(range(-most, most + 1), repeat=len(periods))), dtype=torch.double)
        counts = counts[counts.any(1)] @ torch.tensor(periods, dtype=torch.double)
        shifts = (inverse @ counts.T.to(inverse)).T
        return shifts[shifts.norm(dim=1).argsort(stable=True)].round().long()

    @property
    def _bond(self) -> Sublattice:
        """The sublattice, if it closes; else its break would stay at the border, where it is most visible."""
        return self.sublattice if self.closes else Sublattice()

    def _vectors(self, like: Tensor) -> Tensor:
        return torch.as_tensor(self.wave_vectors, dtype=torch.double, device=like.device)


@dataclass(frozen=True)
class Patterns:
    """Periodic patterns of pictures that lie below each other. tops: their first rows, ascending."""

    tops: tuple[int, ...] = (0,)
    parts: tuple[Pattern, ...] = (Pattern(),)

    def __bool__(self) -> bool:
        return any(self.parts)

    @property
    def shortest_px(self) -> float:
        """The shortest period; infinite without patterns."""
        return min(part.shortest_px for part in self.parts)

    def at_scale(self, scale: int) -> Patterns:
        """The patterns on a level where a pixel is `scale` pixels wide."""
        return Patterns(tuple(top // scale for top in self.tops), tuple(part.at_scale(scale) for part in self.parts))

    def penalty(self, corner: tuple[int, int], shape: tuple[int, int], scale: int) -> np.ndarray:
        """Penalties, of `shape`, of positions (multiples of `scale`) whose pieces would be out of phase at `corner`."""
        penalty = np.zeros(shape, np.float32)
        if not self:
            return penalty
        y, x = (torch.arange(count) * scale - start for count, start in zip(shape, corner, strict=True))
        shifts = torch.cartesian_prod(y, x).T
        for top, part in zip(self.tops, self.parts, strict=True):
            errors = part.errors(shifts - torch.tensor([[top], [0]]), 0.6 * scale, part.sublattice)
            here = slice(-(-top // scale), None)
            penalty[here] = OUT_OF_PHASE * (errors > 0).sum(0).view(shape).numpy()[here]
        return penalty

    def costs(self, places: Tensor, here: Tensor) -> Tensor:
        """Costs (N,) of showing places (2, N) at pixels `here` (2, N); 0 where this preserves the pattern."""
        costs = torch.zeros(places.shape[1], device=places.device)
        for part, (inside, shifts) in self._shifts(places, here):
            costs = torch.where(inside, part.costs(shifts), costs)
        return costs

    def in_phase(self, places: Tensor, here: Tensor) -> Tensor:
        """Places (2, N); those out of phase are moved to the nearest whole number of periods."""
        moved = places
        for part, (inside, shifts) in self._shifts(places, here):
            moved = torch.where(inside, places + part.in_phase(shifts) - shifts, moved)
        return moved

    def keep(self, field: Field) -> None:
        """Move places that are out of phase to places in phase.

        If such a place is beyond a border, a repeat of it inside is used; without one, the place stays.
        """
        if not self:
            return
        here, places = torch.stack(field.grid.torus_position(field.pixels)), torch.stack(field.positions())
        moved = self.in_phase(places, here)
        source = field.source.grid
        beyond = (~source.is_within(*moved)).nonzero()[:, 0]
        moved[:, beyond] = self._in_phase_by_repeats(places[:, beyond], here[:, beyond], source)
        field.show(field.pixels, source.index(*moved))

    def _in_phase_by_repeats(self, places: Tensor, here: Tensor, source: PixelGrid) -> Tensor:
        """Places (2, N), moved by one more repeat to be in phase at `here`, where that is inside the source."""
        moved = places.clone()
        todo = torch.ones_like(places[0], dtype=torch.bool)
        for part, (own, shifts) in self._shifts(places, here):
            for repeat in part.repeats(places):
                further = places + part.in_phase(shifts + repeat[:, None]) - shifts
                found = todo & own & source.is_within(*further)
                moved = torch.where(found, further, moved)
                todo &= ~found
        return moved

    def _shifts(self, places: Tensor, here: Tensor) -> Iterator[tuple[Pattern, tuple[Tensor, Tensor]]]:
        """For each picture with a pattern: whether places (2, N) are in it (N,), and their shifts (2, N) within it."""
        number = torch.bucketize(places[0], torch.tensor(self.tops[1:], device=places.device), right=True)
        for index, (part, top) in enumerate(zip(self.parts, self.tops, strict=True)):
            if part:
                origin = torch.tensor([[top], [0]], device=places.device)
                yield part, (number == index, places - here - origin)
