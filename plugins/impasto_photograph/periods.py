"""Finds a crop whose opposite borders continue each other: along y and x in turn, coarse to fine."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.patterns.detection import Regularity, find_regularity

SEARCH_PX = 192
"""Longer side of the reduced copy on which all crops are compared."""
STRIP_PX = 3
"""Number of compared lines on both sides of a border, in the copy and in the picture."""
ROUNDS = 3
TOLERANCE = 0.02
"""Largest deviation from a whole number of periods, in periods."""
LEANING = 0.02
"""Largest slope of a vector that counts as horizontal or vertical."""
MOST_PERIODS = 6
SIZE_BONUS = 0.5
"""A border's error is divided by this power of the kept length, so that more is kept if errors are similar."""


def periods_of(picture: Tensor) -> tuple[float, float]:
    """Lengths in pixels along y and x after which luminance (H, W) repeats; 0 along an axis where it does not."""
    found = find_regularity(picture)
    if found is None:
        return 0.0, 0.0
    if found.wave_vectors is not None:
        return _upright_periods(torch.linalg.inv(found.wave_vectors.double()))
    return _row_periods(found)


def _row_periods(found: Regularity) -> tuple[float, float]:
    """Periods of rows along y and x; for a bond, after the rows that complete it."""
    repeats = found.sublattice.repeat_periods
    along_y, along_x = (rows.period if rows else 0.0 for rows in found.rows)
    return along_y * repeats[0], along_x * repeats[1]


def _upright_periods(basis: Tensor) -> tuple[float, float]:
    """Shortest vertical and horizontal combinations of lattice vectors (y, x), the columns of a basis."""
    counts = torch.tensor(list(product(range(-MOST_PERIODS, MOST_PERIODS + 1), repeat=2)), dtype=basis.dtype)
    vectors = (counts @ basis.T).abs()
    lengths = []
    for axis in (0, 1):
        fits = (vectors[:, 1 - axis] <= LEANING * vectors[:, axis]) & (vectors[:, axis] > 0)
        lengths.append(float(vectors[fits, axis].min()) if bool(fits.any()) else 0.0)
    return lengths[0], lengths[1]


def best_crop(
    picture: Tensor, periods: tuple[float, float], keep: float, check: Callable[[], None]
) -> tuple[int, int, int, int]:
    """(top, left, rows, columns) of the crop of luminance (H, W) whose opposite borders continue each other best."""
    sides = picture.shape
    reduction = max(1.0, max(sides) / SEARCH_PX)
    small_sides = tuple(max(2 * STRIP_PX + 2, round(side / reduction)) for side in sides)
    small = interpolate(picture[None, None], size=small_sides, mode="area")[0, 0]
    spans = [(0, side) for side in small_sides]
    scales = [side / small_side for side, small_side in zip(sides, small_sides, strict=True)]
    for _ in range(ROUNDS):
        for axis in (0, 1):
            check()
            across = small.narrow(1 - axis, spans[1 - axis][0], spans[1 - axis][1])
            least = max(1, int(keep * small_sides[axis]))
            lines = across if axis == 0 else across.T
            spans[axis] = _best_span(lines, periods[axis] / scales[axis], range(least, small_sides[axis] + 1))
    final = []
    for axis in (0, 1):
        check()
        other = [round(edge * scales[1 - axis]) for edge in spans[1 - axis]]
        across = picture.narrow(1 - axis, other[0], min(other[1], sides[1 - axis] - other[0]))
        final.append(_refine(across if axis == 0 else across.T, spans[axis], scales[axis]))
    return final[0][0], final[1][0], final[0][1], final[1][1]


def _best_span(lines: Tensor, period: float, lengths: range) -> tuple[int, int]:
    """(start, length) of the span of lines (n, m) that continues best into itself, a multiple of the period."""
    allowed = [length for length in lengths if _fits(length, period)] or list(lengths)
    best, least = (0, len(lines)), float("inf")
    for length in allowed:
        errors = _border_errors(lines, length)
        start = int(errors.argmin())
        error = float(errors[start]) / (length / len(lines)) ** SIZE_BONUS
        if error < least:
            best, least = (start, length), error
    return best


def _fits(length: int, period: float) -> bool:
    """Whether a length is a whole number of periods, to within a pixel or `TOLERANCE`."""
    if period <= 0:
        return True
    count = round(length / period)
    return count > 0 and abs(length - count * period) <= max(0.5, TOLERANCE * period)


def _border_errors(lines: Tensor, length: int) -> Tensor:
    """Mean squared difference, for each start, of the lines around the start to those around the end.

    Beyond the picture's border there is nothing to compare, so only the lines inside count.
    """
    count, before = len(lines), lines[: len(lines) - length]
    if length == count:  # without overlap, the border lines themselves must agree
        return (lines[:1] - lines[-1:]).square().mean().reshape(1)
    errors = (before - lines[length:]).square().mean(1)  # of line i against i + length
    sums = torch.cat([errors.new_zeros(1), errors.cumsum(0)])
    starts = torch.arange(count - length + 1, device=lines.device)
    low, high = (starts - STRIP_PX).clamp(min=0), (starts + STRIP_PX).clamp(max=len(errors))
    return (sums[high] - sums[low]) / (high - low).clamp(min=1)


def _refine(lines: Tensor, span: tuple[int, int], scale: float) -> tuple[int, int]:
    """(start, length) in the picture's lines, near those found in the copy, whose lines are `scale` thick."""
    reach = max(1, round(scale)) if scale > 1 else 0
    start, length = round(span[0] * scale), round(span[1] * scale)
    length = min(length, len(lines) - start)
    best, least = (start, length), float("inf")
    for longer in range(-reach, reach + 1):
        if not 1 <= length + longer <= len(lines):
            continue
        errors = _border_errors(lines, length + longer)
        low, high = max(0, start - reach), min(len(errors), start + reach + 1)
        if low < high and float(errors[low:high].min()) < least:
            least = float(errors[low:high].min())
            best = low + int(errors[low:high].argmin()), length + longer
    return best
