"""Phase of shifts in a periodic pattern: a shift that keeps it is a whole number of periods, of one sublattice."""

from __future__ import annotations

import torch
from torch import Tensor

from ..layout import TOLERANCE, Pattern
from .layout import positions_of

OUT_OF_PHASE = 1e8
"""Cost of a period out of phase; distances are at most about 1e7."""


class Phases:
    """Phases of a pattern on a level of the pyramid, where a pixel is `scale` pixels of the source wide."""

    def __init__(self, pattern: Pattern, scale: int, device: str | torch.device) -> None:
        self.sublattice = pattern.sublattice
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

    def snapped(self, shifts: Tensor) -> Tensor:
        """Shifts (2, N), of which those out of phase are moved to the next whole number of periods."""
        cycles = self.wave_vectors @ shifts.double()
        moved = (shifts + self.inverse @ (cycles.round() - cycles)).round().long()
        return torch.where(self.costs(shifts) > 0, moved, shifts)

    def kept(self, field: Tensor) -> Tensor:
        """Positions (2, H, W), of which those out of phase are moved to where they are in phase."""
        if not self:
            return field
        here = positions_of((field.shape[1], field.shape[2]), field.device)
        return self.snapped((field - here).flatten(1)).view_as(field) + here
