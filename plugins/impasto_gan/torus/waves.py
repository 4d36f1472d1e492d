"""The waves of a regular material, as PSGAN has them (Bergmann et al. 2017, section 3.2): what a lattice is told by.

A brick wall repeats: its phase at each place is given to the generator, so that courses keep their distance whatever
the size. The wave vectors are found in the picture, not learned. Where they divide it into units, such as tiles, each
unit has noise of its own: one tile is lighter than the next, all over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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
HARMONICS = (1, 2, 4, 8)
"""Multiples of each vector: a joint is a small part of a period, and sines of the period alone hardly tell where."""
UNIT_CHANNELS = 4


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
        """Sine and cosine of each vector and its multiples; for two vectors also of their sum and difference."""
        return 2 * len(_combined(self.vectors))

    @property
    def has_units(self) -> bool:
        """Whether courses along rows and columns divide a picture into units."""
        return len(self.vectors) == 2 and not self.vectors[0, 1] and not self.vectors[1, 0]

    @property
    def guides(self) -> int:
        """Channels of `guide`."""
        return self.channels + (UNIT_CHANNELS if self.has_units else 0)

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

    def cycles(self, region: Region, pixel: float, places_px: Tensor) -> Tensor:
        """Periods (B, N, h, w) of each vector since phase 0; arguments as for `phases`."""
        y, x = region.rows() * pixel, region.columns() * pixel
        shifts = places_px @ self.vectors.T  # (B, N)
        along = self.vectors[:, 0, None, None] * y[:, None] + self.vectors[:, 1, None, None] * x  # (N, h, w)
        return along[None] + shifts[..., None, None]

    def phases(self, region: Region, pixel: float, places_px: Tensor) -> Tensor:
        """Channels (B, channels, h, w) of a region whose pixels are `pixel` wide, shifted by (B, 2) pixels."""
        angles = 2 * math.pi * Waves(_combined(self.vectors)).cycles(region, pixel, places_px)
        return torch.cat([torch.sin(angles), torch.cos(angles)], 1)

    def periods(self, height_px: float, width_px: float) -> float:
        """How many periods, of one vector or of both, there are in a picture."""
        if len(self.vectors) == 2:
            return float(torch.linalg.det(self.vectors).abs() * height_px * width_px)
        return float((self.vectors.abs() @ self.vectors.new_tensor([height_px, width_px])).sum())

    def guide(
        self, full: tuple[int, int], places_px: Tensor, draw: Callable[[int, tuple[int, int]], Tensor], device: str
    ) -> Callable[[Region], Tensor]:
        """What the generator is told (B, guides, h, w) of any region of a torus of `full` pixels, at any scale.

        Phases, and the noise of each unit; `draw(channels, (rows, columns))` gives that of all units.
        """
        units = draw(UNIT_CHANNELS, self._grid(full)) if self.has_units else None

        def told(region: Region) -> Tensor:
            pixel = full[0] / region.full[0]
            phases = self.phases(region, pixel, places_px).to(device)
            if units is None:
                return phases
            return torch.cat([phases, self._of_units(units, region, pixel, places_px)], 1)

        return told

    def _grid(self, full: tuple[int, int]) -> tuple[int, int]:
        rows, columns = (round(abs(float(self.vectors[axis, axis])) * full[axis]) for axis in (0, 1))
        return max(rows, 1), max(columns, 1)

    def _of_units(self, units: Tensor, region: Region, pixel: float, places_px: Tensor) -> Tensor:
        """Of units (B, C, rows, columns) the one in which each pixel lies (B, C, h, w): they end at phase 0.5."""
        batch, channel = torch.arange(units.shape[0]), torch.arange(units.shape[1])
        row, column = (
            (self.vectors[axis, axis] * (centres * pixel + places_px[:, axis, None]) + 0.5).floor().long()
            % units.shape[2 + axis]
            for axis, centres in enumerate((region.rows() % region.full[0], region.columns() % region.full[1]))
        )  # (B, h), (B, w)
        return units[batch[:, None, None, None], channel[:, None, None], row[:, None, :, None], column[:, None, None]]


def _combined(vectors: Tensor) -> Tensor:
    combined = [multiple * vectors for multiple in HARMONICS]
    if len(vectors) == 2:
        combined += [vectors.sum(0, keepdim=True), vectors.diff(dim=0)]
    return torch.cat(combined)


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


def stacked(vectors: Sequence[Sequence[float]]) -> Waves:
    """Waves as a model's card has them."""
    return Waves(torch.tensor(vectors, dtype=torch.float32).reshape(-1, 2))
