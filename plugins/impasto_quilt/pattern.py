"""Is there a regular pattern, bricks or tiles or a weave? Then straighten it to whole periods of the torus.

Courses along both axes are tried first; where there are none, peaks of the autocorrelation (checkers, diagonals).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import torch
from torch.fft import fftshift, irfft2, rfft2
from torch.nn.functional import avg_pool2d, grid_sample, interpolate, max_pool2d, pad

from .courses import find_course

DETECTION_PX = 384
WINDOW_PX = 49
LATTICE_CORRELATION = 0.3
LARGEST_STRETCH = 0.2
"""How much a period may be stretched so that whole periods fit; beyond, an unbroken joint is not worth it."""


@dataclass(frozen=True)
class Pattern:
    """Wave vectors (cycles per pixel, rows (y, x)) in centred source pixels, after undoing `keystones`.

    `waves` (2, 2): pieces may be shifted by whole cycles of these. `bond[i, j]` (modulo its shape): whether by
    i and j cycles at once (running bond: only if i + j is even). `fixed[i]`: wave i is real, or a mere axis.
    """

    waves: torch.Tensor
    bond: torch.Tensor
    fixed: tuple[bool, bool]
    keystones: tuple[float, float] = (0.0, 0.0)
    lattice: bool = False


def find_pattern(luminance: torch.Tensor, eagerness: float = 1.0) -> Pattern | None:
    """The pattern of luminance (h, w), or None; above 1, `eagerness` takes weaker ones."""
    image, reduction = _normalise(luminance)
    if min(image.shape) < 24 or float(image.square().mean()) < 1e-3:
        return None
    courses = find_course(image, eagerness), find_course(image.T, eagerness)
    if any(courses):
        return _pattern_of_courses(image, courses, reduction)
    lattice = _lattice(_autocorrelation(image), LATTICE_CORRELATION / eagerness)
    if lattice is None:
        return None
    return Pattern(torch.linalg.inv(lattice * reduction), torch.ones(1, 1, dtype=torch.bool), (True, True), lattice=True)


def _pattern_of_courses(image: torch.Tensor, courses: tuple, reduction: float) -> Pattern:
    rows = torch.eye(2)
    for axis, course in enumerate(courses):
        if course:
            along = torch.tensor([1.0, course.tilt])
            rows[axis] = (along if axis == 0 else along.flip(0)) / course.period
    for axis, course in enumerate(courses):
        if not course:  # an axis without a course turns with the other, so that tilt is a rotation
            other = rows[1 - axis] / rows[1 - axis].norm()
            rows[axis] = torch.stack([other[1], -other[0]]) if axis == 0 else torch.stack([-other[1], other[0]])
    keystones = tuple(course.keystone if course else 0.0 for course in courses)
    straight = _straighten(image[None], keystones)[0] if any(keystones) else image
    correlation = _autocorrelation(straight)
    bond = _bond(correlation, torch.linalg.inv(rows)) if all(courses) else torch.ones(1, 1, dtype=torch.bool)
    return Pattern(
        torch.stack([row / (reduction if course else 1) for row, course in zip(rows, courses, strict=True)]),
        bond,
        (courses[0] is not None, courses[1] is not None),
        keystones,
    )


def fit_to_torus(
    maps: Mapping[str, torch.Tensor], pattern: Pattern, size_px: tuple[int, int]
) -> tuple[dict[str, torch.Tensor], torch.Tensor] | None:
    """Maps (c, h, w) resampled so that whole periods fit a torus of `size_px`, and the waves (n, 2) that hold there.

    A = diag(H, W) N^-1 K takes centred source pixels to torus pixels, with K the closing waves and N = K diag(H, W)
    rounded. None where that would stretch too much.
    """
    size = torch.tensor([float(side) for side in size_px])
    repeats = torch.tensor(pattern.bond.shape)
    for counts in (repeats, torch.ones_like(repeats)):
        closing = pattern.waves / counts[:, None]
        cycles = closing * size
        whole = torch.where(torch.tensor(pattern.fixed)[:, None], cycles.round(), cycles)
        if not pattern.lattice:
            whole = torch.diag(whole.diag().clamp(min=1))
        if torch.linalg.det(whole).abs() < 1e-6:
            continue
        affine = size[:, None] * torch.linalg.solve(whole, closing)
        stretches = torch.linalg.svdvals(affine)
        if stretches.max() < 1 + LARGEST_STRETCH and stretches.min() > 1 - LARGEST_STRETCH:
            warped = {name: _warp(image, affine, pattern.keystones) for name, image in maps.items()}
            waves = (whole * counts[:, None] / size)[torch.tensor(pattern.fixed)]
            return warped, waves
    return None


def _straighten(image: torch.Tensor, keystones: tuple[float, float]) -> torch.Tensor:
    return _warp(image, torch.eye(2), keystones)


def _warp(image: torch.Tensor, affine: torch.Tensor, keystones: tuple[float, float]) -> torch.Tensor:
    """Undo the keystones, then apply `affine` (2, 2) on (y, x), of image (c, h, w); crops to what is known.

    Keystones (a, b): q = p / (1 + a x + b y) with x and y in halves of the image; so p = q / (1 - a X - b Y).
    """
    height, width = image.shape[1:]
    half = torch.tensor([height / 2, width / 2])
    slope = torch.tensor([keystones[1], keystones[0]]) / half
    edge = torch.linspace(-1, 1, 33)
    ones = torch.ones_like(edge)
    border = torch.stack([torch.cat([edge, edge, -ones, ones]), torch.cat([-ones, ones, edge, edge])], 1) * half
    outline = border / (1 + border @ slope)[:, None] @ affine.T  # top and bottom as columns; then sides
    left, right, top, bottom = outline[:66].split(33) + outline[66:].split(33)
    low = torch.stack([top[:, 0].max(), left[:, 1].max()])
    high = torch.stack([bottom[:, 0].min(), right[:, 1].min()])
    sizes = [max(1, int(length)) for length in (high - low).tolist()]
    y, x = (low[axis] + (torch.arange(sizes[axis]) + 0.5) * (high - low)[axis] / sizes[axis] for axis in (0, 1))
    target = torch.stack(torch.meshgrid(y, x, indexing="ij"), -1)  # (h', w', 2)
    flat = target @ torch.linalg.inv(affine).T
    position = flat / (1 - flat @ slope)[..., None] / half
    grid = position.flip(-1)[None].to(image)
    return grid_sample(image[None], grid, "bicubic", "reflection", align_corners=False)[0]


def _normalise(luminance: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Zero mean and unit deviation in each window, on a copy of at most DETECTION_PX; and how much it is reduced."""
    height, width = luminance.shape
    reduction = max(1.0, max(height, width) / DETECTION_PX)
    size = (max(1, round(height / reduction)), max(1, round(width / reduction)))
    image = interpolate(luminance[None, None], size=size, mode="area")
    mean = _box(image)
    deviation = (_box(image.square()) - mean.square()).clamp(min=1e-6).sqrt()
    normalised = ((image - mean) / deviation)[0, 0]
    return normalised - normalised.mean(), reduction


def _box(image: torch.Tensor) -> torch.Tensor:
    height, width = (min(WINDOW_PX, 2 * ((side + 1) // 2) - 1) for side in image.shape[2:])
    image = pad(image, (width // 2, width // 2, height // 2, height // 2), mode="reflect")
    return avg_pool2d(avg_pool2d(image, (height, 1), 1), (1, width), 1)


def _autocorrelation(image: torch.Tensor) -> torch.Tensor:
    """Correlation in [-1, 1] at shifts up to 0.6 of the image, (2 ry + 1, 2 rx + 1), shift 0 in the middle."""
    height, width = image.shape
    power = irfft2(rfft2(image, s=(2 * height, 2 * width)).abs().square(), s=(2 * height, 2 * width))
    power = fftshift(power)
    shifts = [(torch.arange(2 * side, device=image.device) - side).abs() for side in (height, width)]
    overlap = (height - shifts[0]).clamp(min=1)[:, None] * (width - shifts[1]).clamp(min=1)[None]
    reach = [int(0.6 * side) for side in (height, width)]
    inner = tuple(slice(side - r, side + r + 1) for side, r in zip((height, width), reach, strict=True))
    return (power / overlap / image.square().mean().clamp(min=1e-9))[inner].cpu()


def _at(correlation: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
    """The highest correlation within 2 px of shifts (..., 2); -0.1 beyond the reach."""
    peaks = max_pool2d(correlation[None, None], 5, 1, 2)[0, 0]
    reach = torch.tensor(correlation.shape) // 2
    index = shifts.round().long() + reach
    inside = ((index >= 0) & (index < torch.tensor(correlation.shape))).all(-1)
    index = index.clamp(min=0).minimum(torch.tensor(correlation.shape) - 1)
    return torch.where(inside, peaks[index[..., 0], index[..., 1]], -0.1)


def _lattice(correlation: torch.Tensor, threshold: float) -> torch.Tensor | None:
    """Basis vectors as columns (2, 2): mean correlation at a, b, a+b, a-b, less 0.03 ln(area), at its highest."""
    reach = torch.tensor(correlation.shape) // 2
    around = max_pool2d(correlation[None, None], (9, 1), 1, (4, 0))
    around = max_pool2d(around, (1, 9), 1, (0, 4))[0, 0]
    peaks = torch.nonzero((correlation >= around) & (correlation > 0.1)) - reach
    peaks = peaks[((peaks[:, 0] > 0) | ((peaks[:, 0] == 0) & (peaks[:, 1] > 0))) & (peaks.square().sum(1) > 36)]
    if len(peaks) < 2:
        return None
    peaks = peaks[_at(correlation, peaks).argsort(descending=True, stable=True)[:60]].float()
    a, b = peaks[:, None].expand(-1, len(peaks), 2), peaks[None].expand(len(peaks), -1, 2)
    mean = (_at(correlation, a) + _at(correlation, b) + _at(correlation, a + b) + _at(correlation, a - b)) / 4
    area = (a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]).abs()
    square = area > 0.3 * a.norm(dim=-1) * b.norm(dim=-1)
    score = torch.where(square & (area > 64), mean - 0.03 * area.clamp(min=1).log(), -torch.inf)
    best = int(score.argmax())
    if score.flatten()[best] == -torch.inf or mean.flatten()[best] < threshold:
        return None
    return _sharpen(correlation, torch.stack([a.reshape(-1, 2)[best], b.reshape(-1, 2)[best]], 1))


def _sharpen(correlation: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """The basis, by least squares over the peaks near its multiples."""
    reach = torch.tensor(correlation.shape) // 2
    for most in (2, 4, 8):
        counts = torch.cartesian_prod(*[torch.arange(-most, most + 1)] * 2).float()
        predicted = counts @ basis.T
        inside = (predicted.abs() < reach - 4).all(1) & (counts.abs().sum(1) > 0)
        found, kept = [], []
        for count, (y, x) in zip(counts[inside], (predicted[inside].round().long() + reach).tolist(), strict=True):
            window = correlation[y - 3 : y + 4, x - 3 : x + 4]
            if window.max() > 0.1:
                down, right = divmod(int(window.argmax()), 7)
                found.append([y + down - 3 - float(reach[0]), x + right - 3 - float(reach[1])])
                kept.append(count)
        if len(found) >= 4:
            basis = torch.linalg.lstsq(torch.stack(kept), torch.tensor(found)).solution.T
    return basis


def _bond(correlation: torch.Tensor, periods: torch.Tensor) -> torch.Tensor:
    """Which shifts, in periods modulo (ry, rx) <= 4, map the pattern to itself; bool (ry, rx). Running bond: 2x2.

    Seen in what the means along rows and columns leave of the correlation; (1, 1) where that shows no bond.
    """
    rest = correlation - correlation.mean(0) - correlation.mean(1, keepdim=True) + correlation.mean()
    reach = torch.tensor(correlation.shape) // 2
    most = [max(1, int(r / p)) for r, p in zip(reach.tolist(), periods.norm(dim=0).tolist(), strict=True)]
    shifts = torch.cartesian_prod(*[torch.arange(-n, n + 1) for n in most])
    values = _at(rest, shifts.float() @ periods.T)
    known = (shifts != 0).any(1) & ((shifts.float() @ periods.T).abs() < reach - 2).all(1)
    tables = {}
    for repeats in product(range(1, 5), repeat=2):
        classes = shifts.remainder(torch.tensor(repeats)) @ torch.tensor([repeats[1], 1])
        sums, counts = (torch.zeros(repeats[0] * repeats[1]).index_add(0, classes[known], of[known]) for of in (values, torch.ones_like(values)))
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
