"""How the units of a material, such as tiles, differ as wholes, measured: one is lighter, or has a brighter edge.

The principal components of all units seen (as of faces: Turk & Pentland 1991). A few of them hold most of what tiles
differ in, sharp at their edges; a network draws the same with edges that waver.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from .periodic import Periodic, interpolated, knot_count, phases
from .region import Region, whole
from .waves import Waves

MODES, PRODUCTS = 3, 2
LEAST_UNITS = 8 * MODES
"""With fewer, the components would be those very units."""
RIDGE = 0.01


@dataclass(frozen=True)
class Modes:
    """patterns: the components, one after the other, of C channels each. A unit is their sum, each by its weight.

    Weights (MODES, n, m) are those of n rows of m units; over all units their deviation is 1.
    """

    patterns: Periodic

    @classmethod
    def of(cls, picture: Tensor, waves: Waves, place_px: Tensor) -> Modes | None:
        """Of a picture (C, H, W) of mean 0 at `place_px` (2,) of waves; None where it shows too few whole units."""
        if not waves.has_units or waves.bond:
            return None
        units = _whole_units(picture, waves, place_px)  # (U, C, n, m)
        if len(units) < LEAST_UNITS:
            return None
        scale = units.std((0, 2, 3), keepdim=True).clamp(min=1e-6)
        beside = (units - units.mean(0)) / scale
        _, sizes, components = torch.linalg.svd(beside.flatten(1), full_matrices=False)
        components = components[:MODES] * (sizes[:MODES, None] / len(units) ** 0.5)
        patterns = components.unflatten(1, units.shape[1:]) * scale
        return cls(Periodic.of_knots(patterns.flatten(0, 1), PRODUCTS))

    def without(self, picture: Tensor, waves: Waves, place_px: Tensor) -> Tensor:
        """What a picture (C, H, W) has beside these modes; each unit's weights by least squares.

        And beside what whole lines of pixels have in common: joints lie a part of a pixel off now here, now there, and
        as grain that would make them rough.
        """
        region = whole((picture.shape[1], picture.shape[2]))
        mean = picture.mean((1, 2), keepdim=True)
        picture = picture - mean
        rows, columns = _unit_lines(waves, region, 1, place_px)
        grid = int(rows.max() - rows.min()) + 1, int(columns.max() - columns.min()) + 1
        index = (rows % grid[0])[:, None] * grid[1] + columns % grid[1]
        scale = picture.std((1, 2), keepdim=True).clamp(min=1e-6)
        patterns = self.patterns.at(waves, region, 1, place_px).unflatten(0, (MODES, -1)) / scale

        def summed(values: Tensor) -> Tensor:
            return torch.zeros(math.prod(grid)).index_add(0, index.flatten(), values.sum(0).flatten()).double()

        normal = torch.stack([torch.stack([summed(one * other) for other in patterns], 1) for one in patterns], 1)
        along = torch.stack([summed(one * picture / scale) for one in patterns], 1)  # (units, MODES)
        ridge = RIDGE * normal.diagonal(dim1=1, dim2=2).mean(1).max() * torch.eye(MODES)
        weights = torch.linalg.solve(normal + ridge, along)
        rest = picture - self.at(weights.T.float().unflatten(1, grid), waves, region, 1, place_px)
        rest = rest - rest.mean(1, keepdim=True)
        return rest - rest.mean(2, keepdim=True) + mean

    def at(self, weights: Tensor, waves: Waves, region: Region, pixel: int, place_px: Tensor) -> Tensor:
        """The units of these weights (C, h, w) in a region whose pixels are `pixel` wide, shifted by place_px (2,)."""
        lines = _unit_lines(waves, region, pixel, place_px)
        rows, columns = (
            interpolated(knots, phases(waves, region, pixel, place_px, axis)).unflatten(0, (MODES, -1))
            for axis, knots in enumerate((self.patterns.rows, self.patterns.columns))
        )  # (MODES, C, R, h) and (MODES, C, R, w)
        along = weights[:, :, lines[1] % weights.shape[2]].to(columns)  # (MODES, n, w)
        bands, top = [], 0
        for unit, height in zip(*torch.unique_consecutive(lines[0], return_counts=True), strict=True):
            weighed = columns * along[:, None, None, unit % along.shape[1]]
            bands.append(torch.einsum("kcrh,kcrw->chw", rows[..., top : top + height], weighed))
            top += int(height)
        return torch.cat(bands, 1)


def _unit_lines(waves: Waves, region: Region, pixel: int, place_px: Tensor) -> tuple[Tensor, Tensor]:
    """Which row of units each row of a region is in (h,), and which column of units each column (w,)."""
    return waves.units_along(0, region, pixel, place_px), waves.units_along(1, region, pixel, place_px)


def _whole_units(picture: Tensor, waves: Waves, place_px: Tensor) -> Tensor:
    """All units (U, C, n, m) that are whole in a picture (C, H, W), at the knots of a `Periodic`."""
    sides = []
    for axis, side in enumerate(picture.shape[1:]):
        frequency, place = waves.frequency(axis), float(place_px[axis])
        first = math.ceil(frequency * (place + 0.5) + 0.5)
        last = math.floor(frequency * (place + side - 0.5) - 0.5)
        count = knot_count(frequency)
        knots = (torch.arange(count) / count + 0.5) % 1 - 0.5
        places = (torch.arange(first, last + 1)[:, None] + knots) / frequency - place  # (units, knots)
        sides.append(2 * places / side - 1)
    rows, columns = sides
    grid = torch.stack(torch.meshgrid(columns.flatten(), rows.flatten(), indexing="xy"), 2)
    sampled = grid_sample(picture[None], grid[None], align_corners=False)[0]  # (C, rows x n, columns x m)
    units = sampled.unflatten(2, columns.shape).unflatten(1, rows.shape)
    return units.permute(1, 3, 0, 2, 4).flatten(0, 1)
