"""Division of rows into cells: the joints between bricks or boards, and the bond of the rows."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from impasto.patterns.detection import axis_wave_vector
from impasto.patterns.lattice import Bond, Lattice, cell_at, picture_region
from impasto.patterns.rows import LEAST_PX

from .periodic import PeriodicFunction

LEAST_ROWS = 3
LEAST_SEEN = 0.5
"""A row cut by the picture's edge counts for the bond if it shows at least this fraction of its inner lines."""
INNER = 0.35
"""Rows are examined up to this distance from their centres, in periods, which excludes the joints between rows."""
MOST_CHANGE = 4.0
"""Largest change relative to the mean, so that a single nail does not outweigh a joint."""
CELL_CORRELATION, FURTHEST = 0.15, 0.8
"""Smallest correlation of joints along rows, and their largest distance relative to the picture."""
LEAST_ALIKE = 0.01
"""Smallest mean resultant of the shifts between rows, so that its logarithm stays finite."""
MOST_SPREAD = 0.08
"""Largest deviation of rows from their bond, in cells; beyond it a phase hardly locates a joint."""
SHIFTS_PX = torch.linspace(-4, 4, 17)
"""Candidate corrections of the offset of each row."""
REFINEMENTS = 3


def find_cells(picture: Tensor, lattice: Lattice) -> Lattice:
    """A lattice of rows (one wave vector) with cells added if a picture (C, H, W) shows any, or else unchanged.

    Joints show as changes of a row's mean along the row. Their distance is the highest peak of the autocorrelation of
    these changes, averaged over the rows, and their phase in each row is where most changes fall together. Rows without
    a bond are left undivided.
    """
    axis = lattice.row_axis
    values = picture if axis == 0 else picture.mT  # rows are horizontal
    across = lattice.frequency(axis) * (torch.arange(values.shape[1]) + 0.5 - lattice.origin_px[axis])
    rows = cell_at(across)
    is_inner = (across - rows).abs() < INNER
    numbers = rows.unique()
    lines = torch.stack([(rows == number) & is_inner for number in numbers])  # (rows, H)
    changes = torch.stack([_changes(values[:, inner]) for inner in lines])
    seen = (lines.sum(1) >= LEAST_SEEN * lines.sum(1).max()).nonzero()[:, 0]  # without rows cut by the edges
    length = _distance(changes) if len(numbers) >= LEAST_ROWS and len(seen) > 1 else None
    if length is None:
        return lattice
    phases = (torch.arange(changes.shape[1]) + 1.5 - lattice.origin_px[1 - axis]) / length
    offsets = torch.stack([0.5 - _fullest(phases, row, round(length)) for row in changes[seen]])
    bond = _bond(offsets)
    if bond.spread > MOST_SPREAD:
        return lattice
    index = torch.arange(len(numbers))
    nearest = index.clamp(int(seen[0]), int(seen[-1]))
    offsets = offsets[nearest - seen[0]] + bond.shift * (index - nearest)
    vectors = torch.stack([lattice.wave_vectors[0], axis_wave_vector(1 - axis, 1 / length)])
    found = replace(lattice, wave_vectors=vectors, bond=bond, row_offsets=offsets.roll(int(numbers[0]))[None])
    return _refine(picture, found)


def _bond(offsets: Tensor) -> Bond:
    """Mean and deviation of the steps between the offsets (n,) of rows, as of a wrapped normal distribution.

    The variance of a step is that of two rows.
    """
    resultant = torch.polar(torch.ones(len(offsets) - 1), 2 * math.pi * offsets.diff()).mean()
    spread = math.sqrt(max(0.0, -math.log(max(float(resultant.abs()), LEAST_ALIKE)))) / (2 * math.pi)
    return Bond(float(resultant.angle()) / (2 * math.pi), spread)


def _refine(picture: Tensor, lattice: Lattice) -> Lattice:
    """A lattice with a bond whose row offsets maximise the correlation of each row's cells with the mean cell."""
    region, axis = picture_region(picture), lattice.row_axis
    picture = picture - picture.mean((1, 2), keepdim=True)
    picture = picture / picture.std((1, 2), keepdim=True).clamp(min=1e-6)
    for _ in range(REFINEMENTS):
        assert lattice.row_offsets is not None
        mean, found = PeriodicFunction.of_picture(picture, lattice), lattice.row_offsets
        rows = lattice.cell_indices(axis, region, 1) % found.shape[1]
        shifts = SHIFTS_PX * lattice.frequency(1 - axis)
        correlations = []
        for shift in shifts:
            cells = mean(replace(lattice, row_offsets=found + shift), region)
            correlations.append(torch.zeros(found.shape[1]).index_add(0, rows, (cells * picture).sum((0, 2 - axis))))
        lattice = replace(lattice, row_offsets=found + shifts[torch.stack(correlations).argmax(0)])
    return lattice


def _changes(row: Tensor) -> Tensor:
    """Changes along a row (C, h, W), averaged over its channels, minus their mean (W - 2,)."""
    if not row.shape[1]:
        return torch.zeros(row.shape[2] - 2)
    mean = row.mean(1)
    changes = (mean[:, 2:] - mean[:, :-2]).abs()
    changes = (changes / changes.mean(1, keepdim=True).clamp(min=1e-6)).mean(0).clamp(max=MOST_CHANGE)
    return changes - changes.mean()


def _distance(changes: Tensor) -> float | None:
    """Distance of joints, in pixels, from changes along rows (N, n); None if it is not constant."""
    count = changes.shape[1]
    spectrum = torch.fft.rfft(changes, 2 * count).abs().square()
    correlation = torch.fft.irfft(spectrum, 2 * count)[:, :count].sum(0) / (count - torch.arange(count))
    correlation = correlation / correlation[0].clamp(min=1e-9)
    lags = correlation[: int(FURTHEST * count)].clone()
    lags[:LEAST_PX] = 0
    best = float(lags.max())
    if len(lags) <= LEAST_PX or best < max(CELL_CORRELATION, 3 * float(lags[LEAST_PX:].std())):
        return None
    is_peak = (lags[1:-1] >= lags[:-2]) & (lags[1:-1] > lags[2:]) & (lags[1:-1] > 0.8 * best)
    if not is_peak.any():
        return None
    lag = int(is_peak.nonzero()[0]) + 1
    before, at, after = (float(correlation[lag + step]) for step in (-1, 0, 1))
    return lag + 0.5 * (before - after) / min(before - 2 * at + after, -1e-9)  # vertex of the parabola through them


def _fullest(phases: Tensor, changes: Tensor, count: int) -> Tensor:
    """The phase () with the most changes (n,), in `count` bins of a period."""
    index = (phases % 1 * count).long().clamp(max=count - 1)
    sums, counts = (torch.zeros(count).index_add(0, index, of) for of in (changes, torch.ones_like(changes)))
    means = sums / counts.clamp(min=1)
    smooth = torch.stack([means.roll(step) for step in range(-2, 3)]).sum(0)
    return (smooth.argmax() + 0.5) / count
