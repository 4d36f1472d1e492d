"""The bond of a wall's courses: which neighbours in the lattice are alike."""

from __future__ import annotations

from itertools import product

import torch

from impasto.lattice import correlation_at


def find_bond(correlation: torch.Tensor, periods: torch.Tensor) -> torch.Tensor:
    """Which shifts, in periods modulo (ry, rx) <= 4, map the pattern to itself; bool (ry, rx). Running bond: 2x2.

    Seen in what the means along rows and columns leave of the correlation; (1, 1) where that shows no bond.
    """
    rest = correlation - correlation.mean(0) - correlation.mean(1, keepdim=True) + correlation.mean()
    reach = torch.tensor(correlation.shape) // 2
    most = [max(1, int(r / p)) for r, p in zip(reach.tolist(), periods.norm(dim=0).tolist(), strict=True)]
    shifts = torch.cartesian_prod(*[torch.arange(-n, n + 1) for n in most])
    values = correlation_at(rest, shifts.float() @ periods.T)
    known = (shifts != 0).any(1) & ((shifts.float() @ periods.T).abs() < reach - 2).all(1)
    tables = {}
    for repeats in product(range(1, 5), repeat=2):
        classes = shifts.remainder(torch.tensor(repeats)) @ torch.tensor([repeats[1], 1])
        sums, counts = (
            torch.zeros(repeats[0] * repeats[1]).index_add(0, classes[known], of[known])
            for of in (values, torch.ones_like(values))
        )
        if counts.min() >= 2:
            tables[repeats] = (sums / counts).reshape(repeats)
    best = max((float(table[0, 0]) for table in tables.values()), default=0.0)
    if best < 0.04:
        return torch.ones(1, 1, dtype=torch.bool)
    good = sorted((table for table in tables.values() if table[0, 0] > 0.8 * best), key=torch.Tensor.numel)
    bonds = [table >= 0.5 * table[0, 0] for table in good]
    return next((bond for bond in bonds if _is_group(bond)), torch.ones(1, 1, dtype=torch.bool))


def _is_group(bond: torch.Tensor) -> bool:
    """Whether one allowed shift after another is allowed too."""
    return all(torch.equal(bond.roll(tuple(shift), (0, 1)), bond) for shift in bond.nonzero().tolist())
