"""Autocorrelation of a picture. Its peaks are shifts that map the picture to itself; they give a lattice and a bond.

A bond is the set of shifts, by whole periods, between cells that are alike, such as running bond.
"""

from __future__ import annotations

from itertools import product

import torch
from torch.fft import fftshift, irfft2, rfft2
from torch.nn.functional import interpolate, max_pool2d, pad

from ..numerics.filters import box_mean
from .phases import Sublattice

DETECTION_PX = 384
"""Longer side of the reduced copy in which patterns are searched, in a second or two on one core."""
WINDOW_PX = 49
"""Side of the window for local normalisation, in pixels of that copy."""
REACH = 0.6
"""Largest shift, relative to the picture's sides: beyond, the overlap is too small."""
SMALLEST_CELL = 64
"""Least area of a unit cell, in square pixels of that copy: smaller cells would be the blocks of JPEG."""
LEAST_PEAK, MOST_PEAKS, LEAST_SHIFT_PX = 0.1, 60, 6
"""Least correlation and shift of a peak, and number of the highest peaks that are combined in pairs."""
AREA_COST = 0.03
"""Loss of correlation that a cell e times smaller may have, since multiples of a cell correlate, too."""
LEAST_SINE = 0.3
"""Least sine of the angle between two basis vectors."""
MOST_REPEATS = 4
"""Largest number of periods after which a bond repeats, along y and along x."""
LEAST_CORRELATION = 0.04
"""Least correlation of alike cells, after means along rows and columns are subtracted."""
NEARLY_BEST, ALIKE = 0.8, 0.5
"""Least correlation of a smaller bond, relative to the best one, and of alike cells, relative to their bond."""


def normalise(luminance: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Luminance (H, W), reduced to at most `DETECTION_PX` and normalised in each window, and the reduction."""
    height, width = luminance.shape
    reduction = max(1.0, max(height, width) / DETECTION_PX)
    size = (max(1, round(height / reduction)), max(1, round(width / reduction)))
    image = interpolate(luminance[None, None], size=size, mode="area")
    mean, mean_square = _box(torch.cat([image[0], image[0].square()]))
    deviation = (mean_square - mean.square()).clamp(min=1e-6).sqrt()
    normalised = (image[0, 0] - mean) / deviation
    return normalised - normalised.mean(), reduction


def _box(images: torch.Tensor) -> torch.Tensor:
    """Means of images (C, h, w), mirrored at their borders, over windows around each pixel."""
    height, width = images.shape[1:]
    down, across = (min(WINDOW_PX, 2 * ((side + 1) // 2) - 1) for side in (height, width))
    around = pad(images, (across // 2, across // 2, down // 2, down // 2), mode="reflect")
    return box_mean(around, down, across)[:, down // 2 :, across // 2 :][:, :height, :width]


def autocorrelation(image: torch.Tensor) -> torch.Tensor:
    """Correlation in [-1, 1] at shifts up to `REACH` of the image, (2 ry + 1, 2 rx + 1), shift 0 at the centre."""
    height, width = image.shape
    power = irfft2(rfft2(image, s=(2 * height, 2 * width)).abs().square(), s=(2 * height, 2 * width))
    power = fftshift(power)
    shifts = [(torch.arange(2 * side, device=image.device) - side).abs() for side in (height, width)]
    overlap = (height - shifts[0]).clamp(min=1)[:, None] * (width - shifts[1]).clamp(min=1)[None]
    reach = [int(REACH * side) for side in (height, width)]
    inner = tuple(slice(side - r, side + r + 1) for side, r in zip((height, width), reach, strict=True))
    return (power / overlap / image.square().mean().clamp(min=1e-9))[inner].cpu()


def correlation_at(correlation: torch.Tensor, *shifts: torch.Tensor) -> list[torch.Tensor]:
    """Highest correlation within 2 px of shifts (..., 2), for each of them; -0.1 beyond the reach."""
    highest, shape = _highest_around(correlation, 2), torch.tensor(correlation.shape)
    found = []
    for one in shifts:
        index = one.round().long() + shape // 2
        inside = ((index >= 0) & (index < shape)).all(-1)
        index = index.clamp(min=0).minimum(shape - 1)
        found.append(torch.where(inside, highest[index[..., 0], index[..., 1]], -0.1))
    return found


def _highest_around(correlation: torch.Tensor, reach_px: int) -> torch.Tensor:
    """Highest correlation (h, w) in a square around each shift."""
    side = 2 * reach_px + 1
    down = max_pool2d(correlation[None, None], (side, 1), 1, (reach_px, 0))
    return max_pool2d(down, (1, side), 1, (0, reach_px))[0, 0]


def find_basis(correlation: torch.Tensor, threshold: float) -> torch.Tensor | None:
    """Lattice vectors a and b, the columns of (2, 2), whose mean correlation at a, b, a + b and a - b is highest.

    `AREA_COST` times the logarithm of the cell's area is subtracted. None if the mean is below the threshold.
    """
    peaks = highest_peaks(correlation, 4, LEAST_PEAK)
    if len(peaks) < 2:
        return None
    a, b = peaks[:, None].expand(-1, len(peaks), 2), peaks[None].expand(len(peaks), -1, 2)
    mean = sum(correlation_at(correlation, a, b, a + b, a - b), torch.zeros(())) / 4
    pairs = torch.stack([a, b], -1)
    score = torch.where(spans(pairs), mean - AREA_COST * cell_area(pairs).clamp(min=1).log(), -torch.inf)
    best = int(score.argmax())
    if score.flatten()[best] == -torch.inf or mean.flatten()[best] < threshold:
        return None
    return _refine(correlation, pairs.reshape(-1, 2, 2)[best])


def highest_peaks(correlation: torch.Tensor, apart_px: int, least: float) -> torch.Tensor:
    """Shifts (n, 2) of the highest peaks, highest first; of each and its mirror image, only the one with y above 0."""
    reach = torch.tensor(correlation.shape) // 2
    peaks = torch.nonzero((correlation >= _highest_around(correlation, apart_px)) & (correlation > least)) - reach
    is_half = (peaks[:, 0] > 0) | ((peaks[:, 0] == 0) & (peaks[:, 1] > 0))  # the other half is its mirror image
    peaks = peaks[is_half & (peaks.square().sum(1) > LEAST_SHIFT_PX**2)]
    (heights,) = correlation_at(correlation, peaks)
    return peaks[heights.argsort(descending=True, stable=True)[:MOST_PEAKS]].float()


def cell_area(basis: torch.Tensor) -> torch.Tensor:
    """Area of the unit cell of each basis (..., 2, 2), its vectors in columns, in square pixels."""
    return (basis[..., 0, 0] * basis[..., 1, 1] - basis[..., 1, 0] * basis[..., 0, 1]).abs()


def spans(basis: torch.Tensor) -> torch.Tensor:
    """Whether the vectors of each basis (..., 2, 2) are far from parallel, and the unit cell is large enough."""
    area = cell_area(basis)
    return (area > LEAST_SINE * basis.norm(dim=-2).prod(-1)) & (area > SMALLEST_CELL)


def _refine(correlation: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """The basis, by least squares over the peaks near its multiples, to a millionth of a pixel.

    Further digits depend on memory alignment, and would differ between runs. Along a stripe any shift fits, so the
    refinement stops before it makes both vectors parallel to the stripe.
    """
    reach = torch.tensor(correlation.shape) // 2
    for most in (2, 4, 8):
        counts = torch.cartesian_prod(*[torch.arange(-most, most + 1)] * 2).float()
        predicted = counts @ basis.T
        inside = (predicted.abs() < reach - 4).all(1) & (counts.abs().sum(1) > 0)
        found, used = [], []
        for count, (y, x) in zip(counts[inside], (predicted[inside].round().long() + reach).tolist(), strict=True):
            window = correlation[y - 3 : y + 4, x - 3 : x + 4]
            if window.max() > LEAST_PEAK:
                down, right = divmod(int(window.argmax()), 7)
                found.append([y + down - 3 - float(reach[0]), x + right - 3 - float(reach[1])])
                used.append(count)
        if len(found) >= 4:
            counted, there = torch.stack(used).double(), torch.tensor(found, dtype=torch.float64)
            better = torch.linalg.lstsq(counted, there).solution.T.round(decimals=6).float()
            if not spans(better):
                break
            basis = better
    return basis


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
    """Whether the shifts that are true in a bool table form a group, modulo its shape."""
    return all(torch.equal(table.roll(tuple(shift), (0, 1)), table) for shift in table.nonzero().tolist())


def _sublattice(table: torch.Tensor) -> Sublattice:
    """The sublattice of the shifts that are true in a bool table, modulo its shape."""
    height, width = table.shape
    rows = next(i for i in range(1, height + 1) if table[i % height].any())
    columns = next(j for j in range(1, width + 1) if table[0, j % width])
    return Sublattice(rows, int(table[rows % height].nonzero()[0]), columns)
