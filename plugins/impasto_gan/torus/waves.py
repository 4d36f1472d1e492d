"""The waves of a regular material, as PSGAN has them (Bergmann et al. 2017, section 3.2): what a lattice is told by.

A brick wall repeats: its phase at each place is given to the generator, so that courses keep their distance whatever
the size. The wave vectors are found in the picture, not learned (`regularity`). Where they divide it into units, such
as tiles, bricks or boards, each unit has noise of its own: one tile is lighter than the next, all over. Units of a
course lie beside those of the next as in a bond, more or less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias

import torch
from torch import Tensor

from .region import Region

HARMONICS = (1, 2, 4, 8)
"""Multiples of each vector: a joint is a small part of a period, and sines of the period alone hardly tell where."""
UNIT_CHANNELS = 4
SIZE_COST = 0.25
"""How much a torus may stretch periods to be nearer the wanted size; the sides of most sizes are stretched alike."""
Draw: TypeAlias = Callable[[int, tuple[int, int]], Tensor]
"""`draw(channels, counts)`: standard normal noise (B, channels, *counts) for the units of a torus."""


@dataclass(frozen=True)
class Bond:
    """How far the units of a course lie beside those of the course before, in units, and the deviation of each."""

    shift: float
    spread: float


@dataclass(frozen=True)
class Waves:
    """vectors (N, 2): cycles per pixel along y and x; N is 0 for a material without a lattice.

    bond: vectors[0] is of courses, and vectors[1] of the units in each. offsets (B, courses): how many units are added
    to the phase along each course; where there is a bond, and courses are laid.
    """

    vectors: Tensor
    bond: Bond | None = None
    offsets: Tensor | None = None

    @classmethod
    def none(cls) -> Waves:
        """A material without a lattice."""
        return cls(torch.zeros(0, 2))

    @property
    def channels(self) -> int:
        """Sine and cosine of each vector and its multiples; for two vectors also of their sum and difference."""
        return 2 * len(_combined(*self._phased))

    @property
    def _phased(self) -> tuple[Tensor, tuple[int, ...]]:
        """The vectors whose phases are told, and which multiples.

        All joints of units in a bond are measured (see `Unit`); told more, networks draw straight lines along courses.
        """
        return (self.vectors[:1], HARMONICS[:2]) if self.bond else (self.vectors, HARMONICS)

    @property
    def has_courses(self) -> bool:
        """Whether it is courses, along rows or columns or both, that repeat."""
        return len(self.vectors) > 0 and not bool(self.vectors.bool().all(1).any())

    @property
    def has_units(self) -> bool:
        """Whether courses along rows and columns divide a picture into units."""
        return self.has_courses and len(self.vectors) == 2

    def frequency(self, axis: int) -> float:
        """Cycles per pixel along y (0) or x (1) of courses; 0 where none follow each other that way."""
        return float(self.vectors[:, axis].sum())

    @property
    def course_axis(self) -> int:
        """The axis along which courses follow each other, of the first vector."""
        return int(self.vectors[0, 0] == 0)

    @property
    def guides(self) -> int:
        """Channels of `guide`."""
        return self.channels + (UNIT_CHANNELS if self.has_units else 0)

    def fitted(self, full: tuple[int, int]) -> Waves:
        """With whole periods on a torus of `full` (height, width) pixels; courses are yet to be laid."""
        sides = torch.tensor(full, dtype=torch.float32)
        counts = (self.vectors * sides).round()
        if self.bond is None:
            return Waves(counts / sides)
        counts[1] = torch.where(self.vectors[1] > 0, counts[1].clamp(min=1), 0)
        bond, courses = self.bond, int(counts[0].sum())
        return Waves(counts / sides, replace(bond, shift=round(bond.shift * courses) / max(courses, 1)))

    def laid(self, full: tuple[int, int], draw: Draw) -> Waves:
        """With the offset of each course on a torus of `full` pixels; `draw` says how much it deviates."""
        if self.bond is None:
            return self
        courses = self._counts(full)[0]
        deviations = draw(1, (courses, 1))[:, 0, :, 0].cpu().float()
        return replace(self, offsets=self.bond.shift * torch.arange(courses) + self.bond.spread * deviations)

    def grid(self, full: tuple[int, int]) -> tuple[int, int]:
        """How many rows and columns of units there are on a torus of `full` pixels, at least 1 of each."""
        rows, columns = (max(round(self.frequency(axis) * full[axis]), 1) for axis in (0, 1))
        return rows, columns

    def canvas(self, near: tuple[int, int], most: int, cell_px: int) -> tuple[int, int]:
        """The torus of whole cells near the wanted (height, width), at most `most`, that stretches periods least."""
        sides = []
        for axis in (0, 1):
            choices = range(max(cell_px, near[axis] // 2), min(most, 3 * near[axis] // 2) + 1)
            cells = [side for side in choices if side % cell_px == 0]
            costs = {side: self._stretch(axis, side) + SIZE_COST * abs(side / near[axis] - 1) for side in cells}
            sides.append(min(cells, key=costs.__getitem__))
        return sides[0], sides[1]

    def _stretch(self, axis: int, side: int) -> float:
        tight = self.vectors[:1] if self.bond else self.vectors  # a board may be longer or shorter
        counts = [abs(float(vector[axis])) * side for vector in tight if abs(float(vector[axis])) > 1e-4]
        return max((abs(count - round(count)) / max(count, 1.0) for count in counts), default=0.0)

    def cycles(self, region: Region, pixel: float, places_px: Tensor) -> Tensor:
        """Periods (B, N, h, w) of each vector since phase 0, in a region whose pixels are `pixel` wide.

        Shifted by places_px (B, 2).
        """
        y, x = region.rows() % region.full[0] * pixel, region.columns() % region.full[1] * pixel
        shifts = places_px @ self.vectors.T  # (B, N)
        along = self.vectors[:, 0, None, None] * y[:, None] + self.vectors[:, 1, None, None] * x  # (N, h, w)
        cycles = along[None] + shifts[..., None, None]
        if self.offsets is not None:
            courses = units_at(cycles[:, 0]) % self.offsets.shape[1]
            offsets = self.offsets.expand(len(courses), -1)
            cycles[:, 1] += offsets.gather(1, courses.flatten(1)).view_as(courses)
        return cycles

    def periods(self, height_px: float, width_px: float) -> float:
        """How many periods, of one vector or of both, there are in a picture."""
        if len(self.vectors) == 2:
            return float(torch.linalg.det(self.vectors).abs() * height_px * width_px)
        return float((self.vectors.abs() @ self.vectors.new_tensor([height_px, width_px])).sum())

    def guide(self, full: tuple[int, int], places_px: Tensor, draw: Draw, device: str) -> Callable[[Region], Tensor]:
        """What the generator is told (B, guides, h, w) of any region of a torus of `full` pixels, at any scale.

        Phases, and the noise of each unit.
        """
        units = draw(UNIT_CHANNELS, self._counts(full)) if self.has_units else None

        def told(region: Region) -> Tensor:
            pixel = full[0] / region.full[0]
            cycles = self.cycles(region, pixel, places_px)
            vectors, multiples = self._phased
            phases = _sines(cycles[:, : len(vectors)], multiples).to(device)
            if units is None:
                return phases
            first, second = units_at(cycles).unbind(1)  # (B, h, w)
            index = first % units.shape[2] * units.shape[3] + second % units.shape[3]
            index = index.flatten(1)[:, None].expand(-1, UNIT_CHANNELS, -1).to(device)
            return torch.cat([phases, units.flatten(2).gather(2, index).unflatten(2, first.shape[1:])], 1)

        return told

    def units_along(self, axis: int, region: Region, pixel: int, place_px: Tensor) -> Tensor:
        """Which unit or course each row (axis 0) or column of a region, at place_px (2,), is in: (n,)."""
        line = replace(region, width=1) if axis == 0 else replace(region, height=1)
        cycles = self.cycles(line, pixel, place_px[None])[0, int(axis != self.course_axis)]
        return units_at(cycles).flatten()

    def card(self) -> dict[str, Any]:
        """What a model's card keeps of them; see `from_card`."""
        about: dict[str, Any] = {"waves": self.vectors.tolist()}
        return {**about, "bond": asdict(self.bond)} if self.bond else about

    def _counts(self, full: tuple[int, int]) -> tuple[int, int]:
        """The sides of `grid` by vector: how many courses follow each other, and how many units there are in each."""
        rows, columns = self.grid(full)
        return (columns, rows) if self.course_axis else (rows, columns)


def units_at(cycles: Tensor) -> Tensor:
    """Which unit is at so many cycles: they end at phase 0.5."""
    return (cycles + 0.5).floor().long()


def _sines(cycles: Tensor, multiples: tuple[int, ...]) -> Tensor:
    """Sines and cosines (B, channels, h, w) of cycles (B, N, h, w)."""
    angles = 2 * math.pi * _combined(cycles.transpose(0, 1), multiples).transpose(0, 1)
    return torch.cat([torch.sin(angles), torch.cos(angles)], 1)


def _combined(vectors: Tensor, multiples: tuple[int, ...]) -> Tensor:
    """Multiples of vectors or their cycles (N, …); of two also their sum and difference."""
    combined = [multiple * vectors for multiple in multiples]
    if len(vectors) == 2:
        combined += [vectors.sum(0, keepdim=True), vectors.diff(dim=0)]
    return torch.cat(combined)


def from_card(card: Mapping[str, Any]) -> Waves:
    """Waves as a model's card has them."""
    vectors = torch.tensor(card["waves"], dtype=torch.float32).reshape(-1, 2)
    bond = card.get("bond")
    return Waves(vectors, Bond(bond["shift"], bond["spread"]) if bond else None)
