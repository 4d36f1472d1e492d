"""The bond of a grid of cells: the shifts, by whole periods, between cells that are alike, as in running bond."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import gcd

import numpy as np
import torch

from .correlation import correlation_at

MOST_REPEATS = 4
"""Largest number of periods after which a bond repeats, along y and along x."""
LEAST_CORRELATION = 0.04
"""Least correlation of cells that are alike, after subtracting means along rows and columns."""
NEARLY_BEST, ALIKE = 0.8, 0.5
"""Least correlation of a smaller bond relative to the best one, and of alike cells relative to their bond's."""


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

    def contains(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Whether shifts by i and j whole periods, integers of any shape, map the pattern to itself; bool."""
        return (i % self.rows == 0) & ((j - i // self.rows * self.shift) % self.columns == 0)

    @property
    def is_full_lattice(self) -> bool:
        """Whether every period maps the pattern to itself."""
        return self.rows * self.columns == 1


def find_sublattice(correlation: torch.Tensor, periods: torch.Tensor) -> Sublattice:
    """Sublattice of the shifts, by whole periods (the columns of (2, 2), in pixels), with high autocorrelation.

    Means along rows and columns are subtracted first. The full lattice if there is no bond.
    """
    rest = correlation - correlation.mean(0) - correlation.mean(1, keepdim=True) + correlation.mean()
    reach = torch.tensor(correlation.shape) // 2
    most = [max(1, int(r / p)) for r, p in zip(reach.tolist(), periods.norm(dim=0).tolist(), strict=True)]
    shifts = torch.cartesian_prod(*[torch.arange(-n, n + 1) for n in most])
    (values,) = correlation_at(rest, shifts.float() @ periods.T)
    known = (shifts != 0).any(1) & ((shifts.float() @ periods.T).abs() < reach - 2).all(1)
    tables = {}
    for repeats in product(range(1, MOST_REPEATS + 1), repeat=2):
        classes = shifts.remainder(torch.tensor(repeats)) @ torch.tensor([repeats[1], 1])
        sums, counts = (
            torch.zeros(repeats[0] * repeats[1]).index_add(0, classes[known], of[known])
            for of in (values, torch.ones_like(values))
        )
        if counts.min() >= 2:
            tables[repeats] = (sums / counts).reshape(repeats)
    best = max((float(table[0, 0]) for table in tables.values()), default=0.0)
    if best < LEAST_CORRELATION:
        return Sublattice()
    good = sorted((table for table in tables.values() if table[0, 0] > NEARLY_BEST * best), key=torch.Tensor.numel)
    alike = [table >= ALIKE * table[0, 0] for table in good]
    return next((_sublattice(table) for table in alike if _is_group(table)), Sublattice())


def _is_group(table: torch.Tensor) -> bool:
    """Whether the true shifts of a bool table form a group, modulo its shape."""
    return all(torch.equal(table.roll(tuple(shift), (0, 1)), table) for shift in table.nonzero().tolist())


def _sublattice(table: torch.Tensor) -> Sublattice:
    """The sublattice of the true shifts of a bool table, modulo its shape."""
    height, width = table.shape
    rows = next(i for i in range(1, height + 1) if table[i % height].any())
    columns = next(j for j in range(1, width + 1) if table[0, j % width])
    return Sublattice(rows, int(table[rows % height].nonzero()[0]), columns)
