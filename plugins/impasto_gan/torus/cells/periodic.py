"""Periodic functions on a lattice as sums of a few separable products (low rank), and their least-squares estimates."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from impasto.patterns.lattice import Lattice, TorusRegion, picture_region

KNOT_PX = 1.0
"""Distance of the knots of linear interpolation, in pixels of the picture."""
RANK = 4
"""Rank of a mean unit cell: enough for joints and their crossings, but too low for the grain of single cells."""
LANDWEBER_STEPS = 6
"""Iterations of least squares; each fits the residual of the previous ones."""


class PeriodicFunction(nn.Module):
    """A function of period 1 along y and x: sum over R of rows (C, R, n) times columns (C, R, m), linear between knots.

    An axis without a period has one knot. In a bond, cells are shifted with their row.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, rows: Tensor, columns: Tensor) -> None:
        super().__init__()
        self.register_buffer("rows", rows)
        self.register_buffer("columns", columns)

    @classmethod
    def zeros(cls, lattice: Lattice, channels: int, rank: int = RANK, pixel: int = 1) -> PeriodicFunction:
        """The zero function, with the shapes of an estimate from pictures with pixels `pixel` wide."""
        heights, widths = (knot_count(pixel * lattice.frequency(axis)) for axis in (0, 1))
        rank = min(rank, heights, widths)
        return cls(torch.zeros(channels, rank, heights), torch.zeros(channels, rank, widths))

    @classmethod
    def of_picture(cls, picture: Tensor, lattice: Lattice, pixel: int = 1, rank: int = RANK) -> PeriodicFunction:
        """Least-squares estimate from a picture (C, H, W) of rows, truncated to this rank.

        The picture's pixels are `pixel` wide. The function is 0 at phases that the picture does not show.
        """
        across = lattice.row_axis
        values = (picture.mT if across else picture).cpu().double()
        counts = [knot_count(pixel * lattice.frequency(axis)) for axis in (across, 1 - across)]
        lines, over, along = _row_phases(lattice, picture_region(picture), pixel)
        over_weights, along_weights = _knot_weights(over, counts[0]), _knot_weights(along, counts[1])
        rows = [(run, over_weights[run], weights) for run, weights in zip(lines, along_weights, strict=True)]
        seen = torch.stack([over.sum(0)[:, None] * along.sum(0) for _, over, along in rows]).sum(0)
        knots = torch.zeros(len(values), *counts, dtype=torch.double)
        for _ in range(LANDWEBER_STEPS):  # Landweber 1951, each knot with a step size of its own
            residuals = [over.T @ (values[:, run] - over @ knots @ along.T) @ along for run, over, along in rows]
            knots += torch.stack(residuals).sum(0) / seen.clamp(min=1e-3)
        return cls.of_knots((knots.mT if across else knots).float(), rank)

    @classmethod
    def of_knots(cls, knots: Tensor, rank: int) -> PeriodicFunction:
        """Best approximation of this rank of values (C, n, m) at the knots (Eckart & Young 1936)."""
        left, sizes, right = torch.linalg.svd(knots, full_matrices=False)
        sizes = sizes[:, None, :rank].sqrt()
        rows, columns = left[:, :, :rank] * sizes, right.mT[:, :, :rank] * sizes
        return cls(rows.mT.contiguous(), columns.mT.contiguous())

    def forward(self, lattice: Lattice, region: TorusRegion, pixel: int = 1) -> Tensor:
        """Values (C, h, w) in a region whose pixels are `pixel` wide."""
        across = lattice.row_axis
        over_knots, along_knots = (self.columns, self.rows) if across else (self.rows, self.columns)
        lines, over, along = _row_phases(lattice, region, pixel)
        rows = interpolate(over_knots, over).mT  # (C, h, R)
        columns = interpolate(along_knots, along)  # (C, R, n, w)
        values = torch.cat([rows[:, run] @ columns[:, :, row] for row, run in enumerate(lines)], 1)
        return values.mT if across else values


def knot_count(frequency: float) -> int:
    """Number of knots in a period of this frequency, in cycles per pixel; one if the frequency is 0."""
    return max(2, round(1 / (KNOT_PX * abs(frequency)))) if frequency else 1


def phases(lattice: Lattice, region: TorusRegion, pixel: int, axis: int) -> Tensor:
    """Phases (n, pixel) in [0, 1) of a region's rows (axis 0) or columns (axis 1), at `pixel` points in each pixel."""
    centres = (region.columns() % region.full[1]) if axis else (region.rows() % region.full[0])
    inner = (torch.arange(pixel) + 0.5) / pixel - 0.5
    places = (centres[:, None] + inner).double() * pixel - lattice.origin_px[axis]
    return lattice.frequency(axis) * places % 1


def interpolate(knots: Tensor, phases: Tensor) -> Tensor:
    """Values (..., *n) interpolated between knots (..., count) of a period, each averaged over phases (*n, points)."""
    count = knots.shape[-1]
    position = phases * count
    index = position.long()
    after = (position - index).to(knots)
    index = index.to(knots.device) % count
    return knots[..., index].lerp(knots[..., (index + 1) % count], after).mean(-1)


def _knot_weights(phases: Tensor, count: int) -> Tensor:
    """Weight of each knot in `interpolate`, (*n, count) in double precision."""
    return interpolate(torch.eye(count, dtype=torch.double), phases).movedim(0, -1)


def _row_phases(lattice: Lattice, region: TorusRegion, pixel: int) -> tuple[list[slice], Tensor, Tensor]:
    """The pixel lines of each of n rows of cells; phases across rows (h, pixel), and along each row (n, w, pixel).

    A single slice of all lines if no row is shifted.
    """
    across = lattice.row_axis
    over, along = (phases(lattice, region, pixel, axis) for axis in (across, 1 - across))
    if lattice.row_offsets is None:
        return [slice(None)], over, along[None]
    rows, counts = lattice.cell_indices(across, region, pixel).unique_consecutive(return_counts=True)
    offsets = lattice.row_offsets[0][rows % lattice.row_offsets.shape[1]]
    lines = [slice(start, stop) for start, stop in pairwise([0, *counts.cumsum(0).tolist()])]
    return lines, over, (along + offsets[:, None, None]) % 1
