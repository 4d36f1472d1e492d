"""The waves of a regular material, as PSGAN has them (Bergmann et al. 2017, section 3.2): what a lattice is told by.

A brick wall repeats: its phase at each place is given to the generator and to the discriminator, so that courses keep
their distance at any size. The wave vectors are found in the picture, not learned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.courses import find_course
from impasto.lattice import autocorrelation, find_lattice, normalise

from .region import Region

LATTICE_CORRELATION = 0.4
LEAST_PX = 24
LARGEST_TILT = 0.004
"""Courses that lean more (in px per px) would not meet themselves around the torus."""


@dataclass(frozen=True)
class Waves:
    """vectors (N, 2): cycles per pixel along y and x; N is 0 for a material without a lattice."""

    vectors: Tensor

    @classmethod
    def none(cls) -> Waves:
        """A material without a lattice."""
        return cls(torch.zeros(0, 2))

    @property
    def channels(self) -> int:
        """Sine and cosine of each vector and of its double; for two vectors also of their sum and difference."""
        return 2 * len(_combined(self.vectors))

    def fitted(self, full: tuple[int, int]) -> Waves:
        """With whole periods on a torus of `full` (height, width) pixels."""
        sides = torch.tensor(full, dtype=torch.float32)
        return Waves((self.vectors * sides).round() / sides)

    def canvas(self, near: tuple[int, int], most: int, cell_px: int) -> tuple[int, int]:
        """The torus of whole cells near the wanted (height, width), at most `most`, that stretches periods least."""
        sides = []
        for axis in (0, 1):
            choices = range(max(cell_px, near[axis] // 2), min(most, 3 * near[axis] // 2) + 1)
            cells = [side for side in choices if side % cell_px == 0]
            sides.append(min(cells, key=lambda side: self._stretch(axis, side) + 0.2 * abs(side / near[axis] - 1)))
        return sides[0], sides[1]

    def _stretch(self, axis: int, side: int) -> float:
        counts = [abs(float(vector[axis])) * side for vector in self.vectors if abs(float(vector[axis])) > 1e-4]
        return max((abs(count - round(count)) / max(count, 1.0) for count in counts), default=0.0)

    def phases(self, region: Region, pixel: float, places_px: Tensor) -> Tensor:
        """Channels (B, channels, h, w) of a region whose pixels are `pixel` wide, shifted by (B, 2) pixels."""
        vectors = _combined(self.vectors)
        y, x = region.rows() * pixel, region.columns() * pixel
        shifts = places_px @ vectors.T  # (B, N), in cycles
        cycles = (vectors[:, 0, None, None] * y[:, None] + vectors[:, 1, None, None] * x)[None] + shifts[
            ..., None, None
        ]
        return torch.cat([torch.sin(2 * math.pi * cycles), torch.cos(2 * math.pi * cycles)], 1)


def _combined(vectors: Tensor) -> Tensor:
    if len(vectors) == 2:
        return torch.cat([vectors, (vectors[0] + vectors[1])[None], (vectors[0] - vectors[1])[None]])
    return torch.cat([vectors, 2 * vectors])


def find_waves(luminance: Tensor) -> Waves:
    """Waves of luminance (H, W): of its courses along rows and columns, else of a strong lattice, else none."""
    image, reduction = normalise(luminance)
    if min(image.shape) < LEAST_PX:
        return Waves.none()
    vectors = []
    for axis, course in enumerate((find_course(image, 1.0), find_course(image.T, 1.0))):
        if course and abs(course.tilt) < LARGEST_TILT and not course.keystone:
            vectors.append(_axis(axis, 1 / (course.period * reduction)))
    if not vectors:
        lattice = find_lattice(autocorrelation(image), LATTICE_CORRELATION)
        if lattice is not None:
            vectors = list(torch.linalg.inv(lattice * reduction))
    return Waves(torch.stack(vectors)) if vectors else Waves.none()


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


def stacked(vectors: Sequence[Sequence[float]]) -> Waves:
    """Waves as a model's card has them."""
    return Waves(torch.tensor(vectors, dtype=torch.float32).reshape(-1, 2))
