"""Detection of regular patterns: rows with their bond, or else the lattice of an autocorrelation's peaks.

Rows along both axes are tried first; if there are none, peaks (checkers, diagonals, weaves). Pictures are rectified
before the search for a bond: keystone correction, rotation and scaling in one resampling.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from .correlation import autocorrelation, find_basis, find_sublattice, normalise
from .lattice import MOST_FREQUENCY, Lattice
from .overlaps import ALIKE_TOLERANCE, find_vectors
from .phases import TOLERANCE, Sublattice
from .rows import LEAST_PX, Rows, find_rows

LATTICE_CORRELATION = 0.35
"""Least mean correlation at the vectors of a lattice of peaks."""
LINES_SHARE = 0.25
"""Least fraction of the variance of lines that rows explain; half of it if rows along the other axis reach it."""
LEAST_VARIANCE = 1e-3
"""Variance of a normalised picture below which it counts as one colour."""
MOST_TILT = 0.004
"""Largest tilt of rows, in px per px: steeper rows would not meet their own ends on a torus (4 px in 1024)."""
HARMONICS = 8
"""Number of harmonics for the refinement of a period; several, because joints are narrow."""
TURNED = 0.1
"""Size of an off-diagonal element, relative to the largest element, above which an affine map is a rotation."""


@dataclass(frozen=True)
class Regularity:
    """Pattern of a picture, in its pixels: rows that follow each other along y and along x, or `wave_vectors`.

    sublattice: shifts by periods of both kinds of rows that map the pattern to itself. wave_vectors: (2, 2), in cycles
    per pixel along y and x, if there are no rows. tolerance: largest phase error, in periods.
    """

    rows: tuple[Rows | None, Rows | None] = (None, None)
    sublattice: Sublattice = field(default_factory=Sublattice)
    wave_vectors: Tensor | None = None
    tolerance: float = TOLERANCE


def find_regularity(luminance: Tensor, sensitivity: float = 1.0) -> Regularity | None:
    """The pattern of luminance (H, W), or None; a `sensitivity` above 1 accepts weaker ones."""
    image, reduction = normalise(luminance)
    if min(image.shape) < LEAST_PX or float(image.square().mean()) < LEAST_VARIANCE:
        return None
    rows = find_rows(image, sensitivity), find_rows(image.T, sensitivity)
    if not any(rows):
        basis = find_basis(autocorrelation(image), LATTICE_CORRELATION / sensitivity)
        return None if basis is None else Regularity(wave_vectors=torch.linalg.inv(basis.double() * reduction))
    sublattice = _sublattice(image, rows[0], rows[1]) if rows[0] and rows[1] else Sublattice()
    along_y, along_x = (_enlarge(one, reduction, luminance.mean(1 - axis)) for axis, one in enumerate(rows))
    return Regularity((along_y, along_x), sublattice)


def find_few_cells(luminance: Tensor, sensitivity: float = 1.0, known: Tensor | None = None) -> Regularity | None:
    """The lattice of luminance (H, W) that shows a few cells, which are alike; see `overlaps.find_vectors`."""
    vectors = find_vectors(luminance, sensitivity, known)
    return None if vectors is None else Regularity(wave_vectors=torch.linalg.inv(vectors), tolerance=ALIKE_TOLERANCE)


def find_regularity_of_lines(strength: Tensor, sensitivity: float = 1.0) -> Regularity | None:
    """The pattern of the strength (2, H, W) of lines that run across and down a picture, or None.

    Only level rows are considered: boards have joints at equal distances, even if their brightness does not repeat.
    """
    (across, reduction), (down, _) = normalise(strength[0]), normalise(strength[1])
    found = [find_rows(image, sensitivity, level=True) for image in (across, down.T)]
    shares = [rows.variance_share if rows else 0.0 for rows in found]
    if max(shares) < LINES_SHARE / sensitivity:
        return None
    least = 0.5 * LINES_SHARE / sensitivity
    along_y, along_x = (rows if share > least else None for rows, share in zip(found, shares, strict=True))
    sublattice = _sublattice(normalise(strength.sum(0))[0], along_y, along_x) if along_y and along_x else Sublattice()
    rows = (_enlarge(one, reduction, strength[axis].mean(1 - axis)) for axis, one in enumerate((along_y, along_x)))
    return Regularity((next(rows), next(rows)), sublattice)


def find_lattice(luminance: Tensor) -> Lattice:
    """The lattice of luminance (H, W), whose origin is where pictures should begin.

    It comes from straight rows along y and x; if these form a bond, from the more distinct rows alone, whose cells
    `find_cells` finds row by row. Without rows, it comes from peaks; it has no wave vectors if nothing repeats.
    """
    found = find_regularity(luminance)
    if found is None:
        return Lattice()
    if found.wave_vectors is not None:
        vectors = found.wave_vectors.float()
        lattice = Lattice(vectors[(vectors.abs() <= MOST_FREQUENCY).all(1)])  # along stripes, any shift correlates
    else:
        straight = {axis: rows for axis, rows in enumerate(found.rows) if rows and _is_straight(rows)}
        if len(straight) == 2 and not found.sublattice.is_full_lattice:
            best = max(straight, key=lambda axis: straight[axis].variance_share)
            straight = {best: straight[best]}
        along_axes = [axis_wave_vector(axis, 1 / rows.period) for axis, rows in straight.items()]
        lattice = Lattice(torch.stack(along_axes)) if along_axes else Lattice()
    return replace(lattice, origin_px=_origin_between_joints(luminance, lattice))


def axis_wave_vector(axis: int, frequency: float) -> Tensor:
    """The wave vector (2,) of rows that follow each other along y (0) or x (1)."""
    return torch.tensor([frequency, 0.0] if axis == 0 else [0.0, frequency])


def _is_straight(rows: Rows) -> bool:
    return abs(rows.tilt) < MOST_TILT and not rows.keystone


def _sublattice(image: Tensor, along_y: Rows, along_x: Rows) -> Sublattice:
    """The bond of rows along both axes of a normalised image (h, w)."""
    keystones = along_y.keystone, along_x.keystone
    straight = warp(image[None], torch.eye(2), keystones)[0] if any(keystones) else image
    wave_vectors = torch.stack([along_y.wave_vector(0), along_x.wave_vector(1)])
    return find_sublattice(autocorrelation(straight), torch.linalg.inv(wave_vectors))


def _enlarge(rows: Rows | None, reduction: float, profile: Tensor) -> Rows | None:
    """Rows found on a reduced copy, in pixels of the picture, whose means along lines are `profile` (n,)."""
    if rows is None:
        return None
    frequency = 1 / (rows.period * reduction)
    return replace(rows, period=1 / (_refine(profile, frequency) if _is_straight(rows) else frequency))


def _refine(profile: Tensor, frequency: float) -> float:
    """The frequency near `frequency` whose first harmonics have the most power in the profile (n,).

    A period that was measured on a reduced copy may be wrong by some pixels at the other end of the picture.
    """
    count = len(profile)
    most = min(0.5 / count, 0.02 * frequency)
    frequencies = frequency + most * torch.linspace(-1, 1, 129)
    y = torch.arange(count) + 0.5
    power = torch.zeros(len(frequencies))
    for harmonic in range(1, HARMONICS + 1):
        waves = torch.polar(torch.ones(()), 2 * math.pi * harmonic * frequencies[:, None] * y)
        power += (waves @ (profile - profile.mean()).to(waves)).abs().square()
    return float(frequencies[power.argmax()])


def _origin_between_joints(luminance: Tensor, lattice: Lattice) -> Tensor:
    """(y, x) in pixels at which pictures should begin, so that their edges cut through cells instead of joints.

    Along each axis, it is half a period from the phase at which neighbouring pixels differ most.
    """
    origin = torch.zeros(2)
    for axis in (0, 1):
        frequency = max((abs(float(vector[axis])) for vector in lattice.wave_vectors), default=0.0)
        if frequency > 0:
            origin[axis] = joint_px(luminance, axis, 1 / frequency) + 0.5 / frequency
    return origin


def joint_px(luminance: Tensor, axis: int, period: float) -> float:
    """Position along an axis, in pixels, of joints of a period: where neighbouring pixels (H, W) differ most."""
    differences = luminance.diff(dim=axis).abs().mean(1 - axis)
    angles = 2 * math.pi / period * torch.arange(1, len(differences) + 1)
    phase = torch.atan2((differences * angles.sin()).sum(), (differences * angles.cos()).sum())
    return float(phase) / (2 * math.pi) * period


def warp(image: torch.Tensor, affine: torch.Tensor, keystones: tuple[float, float]) -> torch.Tensor:
    """Undo the keystones of image (c, h, w), then apply `affine` (2, 2) to its (y, x), and crop to the known part.

    Keystones (a, b): q = p / (1 + a x + b y) with x and y in halves of the image; so p = q / (1 - a X - b Y).
    In double precision: the last bits of matrix products depend on memory alignment, and the cuts of a quilt depend on
    the last bits of the pixels. Rounded to single precision, they are the same on every run.
    """
    height, width = image.shape[1:]
    affine, double = affine.double(), torch.float64
    half = torch.tensor([height / 2, width / 2], dtype=double)
    slope = torch.tensor([keystones[1], keystones[0]], dtype=double) / half
    edge = torch.linspace(-1, 1, 33, dtype=double)
    ones = torch.ones_like(edge)
    border = torch.stack([torch.cat([edge, edge, -ones, ones]), torch.cat([-ones, ones, edge, edge])], 1) * half
    outline = border / (1 + border @ slope)[:, None] @ affine.T  # top and bottom as columns; then sides
    is_turned = bool((affine - affine.diag().clamp(min=0).diag()).abs().max() > TURNED * affine.abs().max())
    low, high = _turned_part(affine, half, slope) if is_turned else _upright_part(outline)
    sizes = [max(1, int(length + 1e-3)) for length in (high - low).tolist()]
    y, x = ((low + high)[axis] / 2 + torch.arange(sizes[axis], dtype=double) - (sizes[axis] - 1) / 2 for axis in (0, 1))
    target = torch.stack(torch.meshgrid(y, x, indexing="ij"), -1)  # (h', w', 2)
    flat = target @ torch.linalg.inv(affine).T
    position = flat / (1 - flat @ slope)[..., None] / half
    grid = position.flip(-1)[None].to(image)
    return grid_sample(image[None], grid, "bicubic", "reflection", align_corners=False)[0]


def _upright_part(outline: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Lowest and highest (y, x) of the rectangle inside an outline (132, 2) that is hardly rotated."""
    left, right, top, bottom = outline[:66].split(33) + outline[66:].split(33)
    return torch.stack([top[:, 0].max(), left[:, 1].max()]), torch.stack([bottom[:, 0].min(), right[:, 1].min()])


def _turned_part(affine: torch.Tensor, half: torch.Tensor, slope: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Lowest and highest (y, x) of the largest centred rectangle, with the aspect of the picture, after a rotation.

    Found by bisection: a larger one would have a corner outside the picture.
    """
    turn = affine.square() / affine.square().sum(1, keepdim=True)  # squares of cosine and sine
    corners = torch.tensor([[1, 1], [1, -1]], dtype=half.dtype) * (turn @ half)
    inverse = torch.linalg.inv(affine)
    low, high = 0.0, 2 * float(affine.abs().max())
    for _ in range(40):
        share = (low + high) / 2
        flat = torch.cat([corners, -corners]) * share @ inverse.T
        fits = bool(((flat / (1 - flat @ slope)[:, None]).abs() <= half).all())
        low, high = (share, high) if fits else (low, share)
    return -low * corners[0], low * corners[0]
