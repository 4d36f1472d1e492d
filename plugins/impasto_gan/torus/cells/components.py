"""Principal components of unit cells (as of faces: Turk & Pentland 1991): how tiles differ in tone or shading.

A few components hold most of these differences with sharp edges. A network would draw wavering edges.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from impasto.patterns.lattice import Lattice, TorusRegion, picture_region

from .periodic import PeriodicFunction, interpolate, knot_count, phases

COMPONENTS, RANK = 3, 2
"""Number of components, and rank of each (separable products)."""
LEAST_CELLS = 8 * COMPONENTS
"""Fewest cells; with fewer, the components would merely reproduce them."""
RIDGE = 0.01
"""Ridge for a cell's least-squares weights, relative to the components' energy, since edges cut some cells."""


class PrincipalComponents(nn.Module):
    """patterns: the components one after another, C channels each. A cell is their weighted sum.

    Weights (COMPONENTS, n, m) are for n rows of m cells; their standard deviation over all cells is 1.
    """

    def __init__(self, patterns: PeriodicFunction) -> None:
        super().__init__()
        self.patterns = patterns

    @classmethod
    def zeros(cls, lattice: Lattice, channels: int) -> PrincipalComponents:
        """Zero components, with the shapes of an estimate."""
        return cls(PeriodicFunction.zeros(lattice, channels * COMPONENTS, RANK))

    @classmethod
    def of(cls, picture: Tensor, lattice: Lattice) -> PrincipalComponents | None:
        """Components of a picture (C, H, W) with mean 0; None if it has too few whole cells, or cells in a bond."""
        if not lattice.has_cells or lattice.bond:
            return None
        cells = _whole_cells(picture, lattice)  # (U, C, n, m)
        if len(cells) < LEAST_CELLS:
            return None
        scale = cells.std((0, 2, 3), keepdim=True).clamp(min=1e-6)
        centred = (cells - cells.mean(0)) / scale
        _, sizes, components = torch.linalg.svd(centred.flatten(1), full_matrices=False)
        components = components[:COMPONENTS] * (sizes[:COMPONENTS, None] / len(cells) ** 0.5)
        patterns = components.unflatten(1, cells.shape[1:]) * scale
        return cls(PeriodicFunction.of_knots(patterns.flatten(0, 1), RANK))

    def residual(self, picture: Tensor, lattice: Lattice) -> Tensor:
        """Picture (C, H, W) minus its components, weighted by least squares in each cell, and minus its lines' means.

        Joints deviate by fractions of a pixel; without this step, they would leave lines that turn into rough grain.
        """
        region = picture_region(picture)
        mean = picture.mean((1, 2), keepdim=True)
        picture = picture - mean
        rows, columns = _cell_indices(lattice, region, 1)
        grid = int(rows.max() - rows.min()) + 1, int(columns.max() - columns.min()) + 1
        index = (rows % grid[0])[:, None] * grid[1] + columns % grid[1]
        scale = picture.std((1, 2), keepdim=True).clamp(min=1e-6)
        patterns = self.patterns(lattice, region).unflatten(0, (COMPONENTS, -1)) / scale

        def cell_sums(values: Tensor) -> Tensor:
            """Sum over the pixels of each cell."""
            return torch.zeros(math.prod(grid)).index_add(0, index.flatten(), values.sum(0).flatten()).double()

        normal = torch.stack([torch.stack([cell_sums(one * other) for other in patterns], 1) for one in patterns], 1)
        along = torch.stack([cell_sums(one * picture / scale) for one in patterns], 1)  # (cells, COMPONENTS)
        ridge = RIDGE * normal.diagonal(dim1=1, dim2=2).mean(1).max() * torch.eye(COMPONENTS)
        weights = torch.linalg.solve(normal + ridge, along)
        rest = picture - self(weights.T.float().unflatten(1, grid), lattice, region)
        rest = rest - rest.mean(1, keepdim=True)
        return rest - rest.mean(2, keepdim=True) + mean

    def forward(self, weights: Tensor, lattice: Lattice, region: TorusRegion, pixel: int = 1) -> Tensor:
        """Cells with these weights, (C, h, w), in a region whose pixels are `pixel` wide."""
        rows_of_cells, columns_of_cells = _cell_indices(lattice, region, pixel)
        rows, columns = (
            interpolate(knots, phases(lattice, region, pixel, axis)).unflatten(0, (COMPONENTS, -1))
            for axis, knots in enumerate((self.patterns.rows, self.patterns.columns))
        )  # (COMPONENTS, C, R, h) and (COMPONENTS, C, R, w)
        along = weights[:, :, columns_of_cells % weights.shape[2]].to(columns)  # (COMPONENTS, n, w)
        bands, top = [], 0
        for cell, height in zip(*torch.unique_consecutive(rows_of_cells, return_counts=True), strict=True):
            weighed = columns * along[:, None, None, cell % along.shape[1]]
            bands.append(torch.einsum("kcrh,kcrw->chw", rows[..., top : top + height], weighed))
            top += int(height)
        return torch.cat(bands, 1)


def _cell_indices(lattice: Lattice, region: TorusRegion, pixel: int) -> tuple[Tensor, Tensor]:
    """Index of the row of cells of each row of pixels, (h,), and of the column of cells of each column, (w,)."""
    return lattice.cell_indices(0, region, pixel), lattice.cell_indices(1, region, pixel)


def _whole_cells(picture: Tensor, lattice: Lattice) -> Tensor:
    """All uncut cells (U, C, n, m) of a picture (C, H, W), sampled at the knots of a `PeriodicFunction`."""
    sides = []
    for axis, side in enumerate(picture.shape[1:]):
        frequency, place = lattice.frequency(axis), lattice.offset_px(axis)
        first = math.ceil(frequency * (place + 0.5) + 0.5)
        last = math.floor(frequency * (place + side - 0.5) - 0.5)
        count = knot_count(frequency)
        knots = (torch.arange(count) / count + 0.5) % 1 - 0.5
        places = (torch.arange(first, last + 1)[:, None] + knots) / frequency - place  # (cells, knots)
        sides.append(2 * places / side - 1)
    rows, columns = sides
    grid = torch.stack(torch.meshgrid(columns.flatten(), rows.flatten(), indexing="xy"), 2)
    sampled = grid_sample(picture[None], grid[None], align_corners=False)[0]  # (C, rows x n, columns x m)
    cells = sampled.unflatten(2, columns.shape).unflatten(1, rows.shape)
    return cells.permute(1, 3, 0, 2, 4).flatten(0, 1)
