"""What the units of a material, such as tiles or boards, have in common: their mean, measured, to which networks add.

A joint that a network has to draw wavers by a pixel, as noise has it, and straight joints are most of what a wall of
tiles is. So networks learn only how units differ from their mean, and that at its own scale. Where units lie in a bond,
or nothing divides a course, it is the mean along whole courses: their ends are too few, and too far from step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .region import Region, whole
from .waves import Waves

KNOT_PX = 1.0
"""Distance of the knots, in pixels of the surface, between which the mean is linear."""
PRODUCTS = 4
"""Joints along rows, joints along columns, and what their crossing changes; the grain of single units is left out."""
RIDGE = 0.01


@dataclass(frozen=True)
class MeanUnit:
    """rows (C, R, n) and columns (C, R, m): knots over a period along y and x; the mean is the sum of R products.

    One knot where there is no period, or units lie in a bond.
    """

    rows: Tensor
    columns: Tensor

    @classmethod
    def of(cls, picture: Tensor, waves: Waves, place_px: Tensor) -> MeanUnit:
        """Of a picture (C, H, W) at `place_px` (2,) of waves that are courses: least squares, then its largest part."""
        region = whole((picture.shape[1], picture.shape[2]))
        along_y, along_x = (
            _weights(waves, region, 1, place_px[None], axis, _knots(waves.frequency(axis)))[0] for axis in (0, 1)
        )
        knots = _solved(along_x, _solved(along_y, picture.cpu().double()).mT).mT  # (C, n, m)
        left, sizes, right = torch.linalg.svd(knots, full_matrices=False)
        sizes = sizes[:, None, :PRODUCTS].sqrt()
        rows, columns = left[:, :, :PRODUCTS] * sizes, right.mT[:, :, :PRODUCTS] * sizes
        return cls(rows.mT.float().contiguous(), columns.mT.float().contiguous())

    def on(self, device: str) -> MeanUnit:
        """The same on a device."""
        return replace(self, rows=self.rows.to(device), columns=self.columns.to(device))

    def at(self, waves: Waves, region: Region, pixel: int, places_px: Tensor) -> Tensor:
        """The mean (B, C, h, w) in a region whose pixels are `pixel` wide, shifted by places_px (B, 2)."""
        rows, columns = (
            torch.einsum(
                "bhn,crn->bcrh", _weights(waves, region, pixel, places_px, axis, knots.shape[2]).to(knots), knots
            )
            for axis, knots in enumerate((self.rows, self.columns))
        )
        return torch.einsum("bcrh,bcrw->bchw", rows, columns)


def _knots(frequency: float) -> int:
    return max(2, round(1 / (KNOT_PX * abs(frequency)))) if frequency else 1


def _weights(waves: Waves, region: Region, pixel: int, places_px: Tensor, axis: int, count: int) -> Tensor:
    """How much of each of `count` knots (B, n, count) is in each row (axis 0) or column of a region; doubles.

    What is `pixel` wide shows the mean of as many pixels.
    """
    centres = (region.columns() % region.full[1]) if axis else (region.rows() % region.full[0])
    inner = (torch.arange(pixel) + 0.5) / pixel - 0.5
    places = (centres[:, None] + inner).double() * pixel + places_px[:, axis, None, None]  # (B, n, pixel)
    position = waves.frequency(axis) * places % 1 * count
    before = position.floor()
    after = position - before
    weights = torch.zeros(*places.shape, count, dtype=torch.double)
    index = before.long()[..., None] % count
    weights.scatter_(3, index, (1 - after)[..., None])
    weights.scatter_add_(3, (index + 1) % count, after[..., None])
    return weights.mean(2)


def _solved(weights: Tensor, values: Tensor) -> Tensor:
    """Knots (C, count, m) of which the weights (n, count) make values (C, n, m), as nearly as can be."""
    normal = weights.T @ weights
    ridge = RIDGE * normal.diagonal().mean() * torch.eye(len(normal), dtype=normal.dtype)
    return torch.linalg.solve(normal + ridge, weights.T @ values)
