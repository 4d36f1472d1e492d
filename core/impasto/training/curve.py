"""Learning curves: the figures of a training, in a limited number of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CURVE_ROWS = 40


@dataclass
class Curve:
    """Rows of figures, each the mean of `every` steps. When there are `CURVE_ROWS`, neighbouring rows are merged."""

    every: int = 1
    rows: list[dict[str, float]] = field(default_factory=list)
    waiting: list[dict[str, float]] = field(default_factory=list)

    def add(self, row: Mapping[str, float]) -> None:
        """Append the figures of one step; all rows have the same names."""
        self.waiting.append(dict(row))
        if len(self.waiting) == self.every:
            self.rows.append(mean_row(self.waiting))
            self.waiting = []
        if len(self.rows) == CURVE_ROWS:
            self.rows = [mean_row(self.rows[at : at + 2]) for at in range(0, CURVE_ROWS, 2)]
            self.every *= 2

    def columns(self) -> dict[str, list[float]]:
        """Values of each figure in order, to four digits."""
        names = self.rows[0] if self.rows else ()
        return {name: [float(f"{row[name]:.4g}") for row in self.rows] for name in names}


def mean_row(rows: list[dict[str, float]]) -> dict[str, float]:
    """Mean of each figure over the rows."""
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
