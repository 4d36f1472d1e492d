"""Finds what is regular in a picture: its courses or lattice, and the units of its courses with their bond."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from impasto.courses import find_course
from impasto.lattice import autocorrelation, find_lattice, normalise

from .periodic import Periodic
from .region import whole
from .waves import HARMONICS, Bond, Waves, units_at

LATTICE_CORRELATION = 0.4
LEAST_PX = 24
LARGEST_TILT = 0.004
"""Courses that lean more (in px per px) would not meet themselves around the torus."""
LEAST_COURSES = 3
INNER = 0.35
"""How far from its middle, in periods, a course is looked at: without its own joints."""
MOST_CHANGE = 4.0
"""A single nail counts no more than so many times the mean."""
UNIT_CORRELATION, FURTHEST = 0.15, 0.8
"""Least correlation of joints along courses, and how far they may be apart in parts of the picture. Planks, bricks and
roofs with joints reach 0.22 to 0.62, planks without 0.07."""
LEAST_ALIKE = 0.01
MOST_SPREAD = 0.1
"""How much courses may deviate from their bond, in units: where a phase says little of where a joint is, it does harm.
Planks of 0.07 end where they are told to; bricks of 0.12 came out with fine SWD of 1.66 with phases, 1.31 without."""
SHIFTS_PX = torch.linspace(-4, 4, 17)
SHARPENINGS = 3


def find_waves(luminance: Tensor) -> Waves:
    """Waves of luminance (H, W): of its courses along rows and columns, else of a strong lattice, else none."""
    image, reduction = normalise(luminance)
    if min(image.shape) < LEAST_PX:
        return Waves.none()
    vectors = []
    for axis, course in enumerate((find_course(image, 1.0), find_course(image.T, 1.0))):
        if course and abs(course.tilt) < LARGEST_TILT and not course.keystone:
            vectors.append(_axis(axis, _in_step(luminance.mean(1 - axis), 1 / (course.period * reduction))))
    if not vectors:
        lattice = find_lattice(autocorrelation(image), LATTICE_CORRELATION)
        if lattice is not None:
            vectors = list(torch.linalg.inv(lattice * reduction))
    return Waves(torch.stack(vectors)) if vectors else Waves.none()


def _in_step(profile: Tensor, frequency: float) -> float:
    """The frequency near this one whose first harmonics hold most of the profile (n,): it ends in step, too.

    The period of a course was measured on a smaller copy; over the whole picture it may be off by some pixels.
    """
    count = len(profile)
    most = min(0.5 / count, 0.02 * frequency)
    frequencies = frequency + most * torch.linspace(-1, 1, 129)
    y = torch.arange(count) + 0.5
    power = torch.zeros(len(frequencies))
    for harmonic in range(1, max(HARMONICS) + 1):
        waves = torch.polar(torch.ones(()), 2 * math.pi * harmonic * frequencies[:, None] * y)
        power += (waves @ (profile - profile.mean()).to(waves)).abs().square()
    return float(frequencies[power.argmax()])


def calmest_place(luminance: Tensor, waves: Waves) -> Tensor:
    """(y, x) in pixels from which pictures should begin, so that their edges cut tiles and not joints.

    Along each axis half a period from where neighbouring pixels differ most: from the phase, at that period, of their
    mean difference.
    """
    place = torch.zeros(2)
    for axis in (0, 1):
        frequency = max((abs(float(vector[axis])) for vector in waves.vectors), default=0.0)
        if frequency > 0:
            differences = luminance.diff(dim=axis).abs().mean(1 - axis)
            angles = 2 * math.pi * frequency * torch.arange(1, len(differences) + 1)
            busiest = torch.atan2((differences * angles.sin()).sum(), (differences * angles.cos()).sum())
            place[axis] = (float(busiest) / (2 * math.pi) + 0.5) / frequency
    return place


def _axis(axis: int, frequency: float) -> Tensor:
    return torch.tensor([frequency, 0.0] if axis == 0 else [0.0, frequency])


def find_units(picture: Tensor, waves: Waves, place_px: Tensor) -> Waves:
    """Courses (one vector) divided into units, where a picture (C, H, W) at `place_px` shows such; else as they are.

    Joints between the units of a course are where its mean changes along it. Their distance is where that correlates
    with itself in the mean of all courses, and where in each course they lie is where the most of them fold together.
    Courses that keep no bond stay as they are.
    """
    axis = waves.course_axis
    values = picture if axis == 0 else picture.mT  # courses are rows
    across = waves.frequency(axis) * (torch.arange(values.shape[1]) + 0.5 + place_px[axis])
    courses = units_at(across)
    is_inner = (across - courses).abs() < INNER
    numbers = courses.unique()
    changes = torch.stack([_changes(values[:, (courses == number) & is_inner]) for number in numbers])
    length = _distance(changes) if len(numbers) >= LEAST_COURSES else None
    if length is None:
        return waves
    phases = (torch.arange(changes.shape[1]) + 1.5 + place_px[1 - axis]) / length
    offsets = torch.stack([0.5 - _fullest(phases, course, round(length)) for course in changes])
    steps = torch.polar(torch.ones(len(offsets) - 1), 2 * math.pi * offsets.diff()).mean()
    spread = math.sqrt(-math.log(max(float(steps.abs()), LEAST_ALIKE))) / (2 * math.pi)  # wrapped normal, two a step
    if spread > MOST_SPREAD:
        return waves
    bond = Bond(float(steps.angle()) / (2 * math.pi), spread)
    along = _axis(1 - axis, 1 / length)
    found = Waves(torch.stack([waves.vectors[0], along]), bond, offsets.roll(int(numbers[0]))[None])
    return _sharpened(picture, found, place_px)


def _sharpened(picture: Tensor, waves: Waves, place_px: Tensor) -> Waves:
    """Waves in a bond with each course's offset where its units are most like the mean of all, in `SHIFTS_PX`."""
    region, axis = whole((picture.shape[1], picture.shape[2])), waves.course_axis
    picture = picture - picture.mean((1, 2), keepdim=True)
    picture = picture / picture.std((1, 2), keepdim=True).clamp(min=1e-6)
    for _ in range(SHARPENINGS):
        assert waves.offsets is not None
        mean, found = Periodic.of(picture, waves, place_px), waves.offsets
        courses = waves.units_along(axis, region, 1, place_px) % found.shape[1]
        shifts = SHIFTS_PX * waves.frequency(1 - axis)
        alike = []
        for shift in shifts:
            units = mean.at(replace(waves, offsets=found + shift), region, 1, place_px)
            alike.append(torch.zeros(found.shape[1]).index_add(0, courses, (units * picture).sum((0, 2 - axis))))
        waves = replace(waves, offsets=found + shifts[torch.stack(alike).argmax(0)])
    return waves


def _changes(course: Tensor) -> Tensor:
    """How much a course (C, h, W) changes along itself (W - 2,), in the mean of its channels, around 0."""
    if not course.shape[1]:
        return torch.zeros(course.shape[2] - 2)
    mean = course.mean(1)
    changes = (mean[:, 2:] - mean[:, :-2]).abs()
    changes = (changes / changes.mean(1, keepdim=True).clamp(min=1e-6)).mean(0).clamp(max=MOST_CHANGE)
    return changes - changes.mean()


def _distance(changes: Tensor) -> float | None:
    """How far apart the joints are in changes along courses (N, n); None where they do not keep a distance."""
    count = changes.shape[1]
    spectrum = torch.fft.rfft(changes, 2 * count).abs().square()
    correlation = torch.fft.irfft(spectrum, 2 * count)[:, :count].sum(0) / (count - torch.arange(count))
    correlation = correlation / correlation[0].clamp(min=1e-9)
    lags = correlation[: int(FURTHEST * count)].clone()
    lags[:LEAST_PX] = 0
    best = float(lags.max())
    if len(lags) <= LEAST_PX or best < max(UNIT_CORRELATION, 3 * float(lags[LEAST_PX:].std())):
        return None
    is_peak = (lags[1:-1] >= lags[:-2]) & (lags[1:-1] > lags[2:]) & (lags[1:-1] > 0.8 * best)
    if not is_peak.any():
        return None
    lag = int(is_peak.nonzero()[0]) + 1
    before, at, after = (float(correlation[lag + step]) for step in (-1, 0, 1))
    return lag + 0.5 * (before - after) / min(before - 2 * at + after, -1e-9)


def _fullest(phases: Tensor, changes: Tensor, count: int) -> Tensor:
    """The phase () at which most changes (n,) fold together, in `count` parts of a period."""
    index = (phases % 1 * count).long().clamp(max=count - 1)
    sums, counts = (torch.zeros(count).index_add(0, index, of) for of in (changes, torch.ones_like(changes)))
    means = sums / counts.clamp(min=1)
    smooth = sum(means.roll(step) for step in range(-2, 3))
    assert isinstance(smooth, Tensor)
    return (smooth.argmax() + 0.5) / count
