"""Is there a regular pattern, bricks or tiles or a weave? Then straighten it to whole periods of the torus.

Courses along both axes are tried first; where there are none, peaks of the autocorrelation (checkers, diagonals).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from impasto.courses import Course, find_course
from impasto.lattice import autocorrelation, find_lattice, normalise

from .bond import find_bond
from .layout import Step
from .warp import warp

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


@dataclass(frozen=True)
class Fitted:
    """Maps (c, h, w) as they are cut up, how their pieces keep in step, and how much wider they were made."""

    maps: Mapping[str, torch.Tensor]
    step: Step = field(default_factory=Step)
    stretch_x: float = 1.0


def find_pattern(luminance: torch.Tensor, eagerness: float = 1.0) -> Pattern | None:
    """The pattern of luminance (h, w), or None; above 1, `eagerness` takes weaker ones."""
    image, reduction = normalise(luminance)
    if min(image.shape) < 24 or float(image.square().mean()) < 1e-3:
        return None
    courses = find_course(image, eagerness), find_course(image.T, eagerness)
    if any(courses):
        return _pattern_of_courses(image, courses, reduction)
    lattice = find_lattice(autocorrelation(image), LATTICE_CORRELATION / eagerness)
    if lattice is None:
        return None
    return Pattern(
        torch.linalg.inv(lattice.double() * reduction), torch.ones(1, 1, dtype=torch.bool), (True, True), lattice=True
    )


def _pattern_of_courses(image: torch.Tensor, courses: tuple[Course | None, Course | None], reduction: float) -> Pattern:
    rows = torch.eye(2)
    for axis, course in enumerate(courses):
        if course:
            along = torch.tensor([1.0, course.tilt])
            rows[axis] = (along if axis == 0 else along.flip(0)) / course.period
    for axis, course in enumerate(courses):
        if not course:  # an axis without a course turns with the other, so that tilt is a rotation
            other = rows[1 - axis] / rows[1 - axis].norm()
            rows[axis] = torch.stack([other[1], -other[0]]) if axis == 0 else torch.stack([-other[1], other[0]])
    down, across = (course.keystone if course else 0.0 for course in courses)
    keystones = (down, across)
    straight = warp(image[None], torch.eye(2), keystones)[0] if any(keystones) else image
    correlation = autocorrelation(straight)
    bond = find_bond(correlation, torch.linalg.inv(rows)) if all(courses) else torch.ones(1, 1, dtype=torch.bool)
    return Pattern(
        torch.stack([row / (reduction if course else 1) for row, course in zip(rows, courses, strict=True)]),
        bond,
        (courses[0] is not None, courses[1] is not None),
        keystones,
    )


def fit_to_torus(maps: Mapping[str, torch.Tensor], pattern: Pattern, size_px: tuple[int, int]) -> Fitted | None:
    """Maps (c, h, w) resampled so that whole periods of the pattern fit a torus; None if that stretches too much.

    A = diag(H, W) N^-1 K takes centred source pixels to torus pixels, with K the waves on which the pattern
    closes and N = K diag(H, W), rounded.
    """
    size = torch.tensor([float(side) for side in size_px], dtype=torch.float64)
    fixed = torch.tensor(pattern.fixed)
    repeats = torch.tensor(pattern.bond.shape)
    for counts in (repeats, torch.ones_like(repeats)):  # rather a bond that slips at the border than no step
        closing = pattern.waves.double() / counts[:, None]
        cycles = closing * size
        whole = torch.where(fixed[:, None], cycles.round(), cycles)
        if not pattern.lattice:
            whole = torch.diag(torch.where(fixed, whole.diag().clamp(min=1), size))
        if torch.linalg.det(whole).abs() < 0.5:
            continue
        affine = size[:, None] * torch.linalg.solve(whole, closing)
        stretches = torch.linalg.svdvals(affine)
        if (stretches.log().abs() < LARGEST_STRETCH).all():
            warped = {name: warp(image, affine, pattern.keystones) for name, image in maps.items()}
            waves = (whole * counts[:, None] / size)[fixed].numpy()
            return Fitted(warped, Step(waves, pattern.bond.numpy()), float(affine[:, 1].norm()))
    return None
