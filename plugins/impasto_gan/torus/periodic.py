"""Values that are the same in each unit of a material, such as a tile or a board, and how a picture tells them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from .region import Region, whole
from .waves import Waves

KNOT_PX = 1.0
"""Distance of the knots, in pixels of the picture, between which values are linear."""
PRODUCTS = 4
"""Joints along rows, joints along columns, and what their crossing changes; the grain of single units is left out."""
STEPS = 12
"""Of the least squares, each of which takes up what the steps before have left."""


@dataclass(frozen=True)
class Periodic:
    """Values over a period: the sum of R products of knots along y (C, R, n) and along x (C, R, m).

    One knot where there is no period. Where units lie in a bond, they are shifted with each course.
    """

    rows: Tensor
    columns: Tensor

    def __post_init__(self) -> None:
        if self.rows.shape[:2] != self.columns.shape[:2] or not self.rows.numel() or not self.columns.numel():
            raise ValueError(f"rows {tuple(self.rows.shape)} and columns {tuple(self.columns.shape)} are no products")

    @classmethod
    def of(cls, picture: Tensor, waves: Waves, place_px: Tensor, pixel: int = 1, products: int = PRODUCTS) -> Periodic:
        """Of a picture (C, H, W) at `place_px` (2,) of waves that are courses: least squares, then its largest part.

        Its pixels are `pixel` wide. What it does not show of a unit is 0.
        """
        across = waves.course_axis
        values = (picture.mT if across else picture).cpu().double()
        region = whole((picture.shape[1], picture.shape[2]))
        counts = [knot_count(pixel * waves.frequency(axis)) for axis in (across, 1 - across)]
        lines, over, along = _courses(waves, region, pixel, place_px)
        across_weights, along_weights = _weights(over, counts[0]), _weights(along, counts[1])
        courses = [(run, across_weights[run], one) for run, one in zip(lines, along_weights, strict=True)]
        seen = torch.stack([over.sum(0)[:, None] * along.sum(0) for _, over, along in courses]).sum(0)
        knots = torch.zeros(len(values), *counts, dtype=torch.double)
        for _ in range(STEPS):  # Landweber 1951
            taken_up = [over.T @ (values[:, run] - over @ knots @ along.T) @ along for run, over, along in courses]
            knots += torch.stack(taken_up).sum(0) / seen.clamp(min=1e-3)
        return cls.of_knots((knots.mT if across else knots).float(), products)

    @classmethod
    def of_knots(cls, knots: Tensor, products: int) -> Periodic:
        """Of values (C, n, m) at the knots: the products that hold most of them."""
        left, sizes, right = torch.linalg.svd(knots, full_matrices=False)
        sizes = sizes[:, None, :products].sqrt()
        rows, columns = left[:, :, :products] * sizes, right.mT[:, :, :products] * sizes
        return cls(rows.mT.contiguous(), columns.mT.contiguous())

    def on(self, device: str) -> Periodic:
        """The same on a device."""
        return Periodic(self.rows.to(device), self.columns.to(device))

    def at(self, waves: Waves, region: Region, pixel: int, place_px: Tensor) -> Tensor:
        """The values (C, h, w) in a region whose pixels are `pixel` wide, shifted by place_px (2,)."""
        across = waves.course_axis
        knots = (self.columns, self.rows) if across else (self.rows, self.columns)
        lines, over, along = _courses(waves, region, pixel, place_px)
        rows, columns = interpolated(knots[0], over).mT, interpolated(knots[1], along)  # (C, h, R) and (C, R, n, w)
        values = torch.cat([rows[:, run] @ columns[:, :, course] for course, run in enumerate(lines)], 1)
        return values.mT if across else values


def knot_count(frequency: float) -> int:
    """How many knots there are to a period of so many cycles per pixel; one where there is none."""
    return max(2, round(1 / (KNOT_PX * abs(frequency)))) if frequency else 1


def phases(waves: Waves, region: Region, pixel: int, place_px: Tensor, axis: int) -> Tensor:
    """Where in its period, in [0, 1), each part (n, pixel) of the pixels of a region's rows (axis 0) or columns is."""
    centres = (region.columns() % region.full[1]) if axis else (region.rows() % region.full[0])
    inner = (torch.arange(pixel) + 0.5) / pixel - 0.5
    places = (centres[:, None] + inner).double() * pixel + place_px[axis]
    return waves.frequency(axis) * places % 1


def interpolated(knots: Tensor, phases: Tensor) -> Tensor:
    """Values (…, *n) of knots (…, count) around a period, each the mean over phases (*n, parts)."""
    count = knots.shape[-1]
    position = phases * count
    index = position.long()
    after = (position - index).to(knots)
    index = index.to(knots.device) % count
    return knots[..., index].lerp(knots[..., (index + 1) % count], after).mean(-1)


def _weights(phases: Tensor, count: int) -> Tensor:
    """How much of each knot `interpolated` takes: (*n, count) doubles."""
    return interpolated(torch.eye(count, dtype=torch.double), phases).movedim(0, -1)


def _courses(waves: Waves, region: Region, pixel: int, place_px: Tensor) -> tuple[list[slice], Tensor, Tensor]:
    """The lines of each of n courses (all one where they are alike); phases across (h, pixel), along (n, w, pixel)."""
    across = waves.course_axis
    over, along = (phases(waves, region, pixel, place_px, axis) for axis in (across, 1 - across))
    if waves.offsets is None:
        return [slice(None)], over, along[None]
    courses, counts = waves.units_along(across, region, pixel, place_px).unique_consecutive(return_counts=True)
    offsets = waves.offsets[0][courses % waves.offsets.shape[1]]
    lines = [slice(start, stop) for start, stop in pairwise([0, *counts.cumsum(0).tolist()])]
    return lines, over, (along + offsets[:, None, None]) % 1
