"""The blend: Gaussian maps, summed with the weights of their hexagons, and mapped back by tables.

With weights w of three pieces g of mean 0 and variance 1, the sum of w g over the root of the sum of w² has variance 1
as well (Heitz & Neyret 2018, eq. 6); so a histogram is kept however many pieces meet.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.patterns.detection import find_regularity
from impasto.surface.gaussianization import ENTRIES, LIMIT, GaussianMap, gaussianize
from impasto.surface.wrapping import wraps
from impasto.texture import Maps, Texture

from ..light import luma_of
from .grid import TriangleGrid, random_point
from .parameters import LARGEST_LAYOUT, HistogramBlendingParameters

TILE_PX = (256, 512)
"""(height, width) of the parts computed at a time, so that their sums stay in the processor's cache."""
LEAST_CELL_PX = 2
"""Smallest width of a cell, also for tiny sources; smaller cells would outnumber the pixels."""
PREVIEW_PX, PREVIEW_EVERY_S = 512, 0.25


@dataclass(frozen=True)
class Blend:
    """Source and grid of a result.

    source: all components (C, h, w), continued beyond its lower and right borders. size_px: (h, w) before that.
    margins: half the extent of a hexagon relative to the source, by which pieces keep from borders that do not wrap.
    """

    maps: Sequence[GaussianMap]
    source: torch.Tensor
    size_px: tuple[int, int]
    grid: TriangleGrid
    margins: tuple[float, float]
    layout: int
    sharpness: float

    def region(self, top: int, left: int, bottom: int, right: int) -> dict[str, np.ndarray]:
        """The maps of a rectangle of the result."""
        blended = self._table_indices(top, left, bottom, right)
        region, first = {}, 0
        for one in self.maps:
            count = len(one.values)
            indices = blended[first : first + count].flatten(1)  # (C, N)
            tables = torch.from_numpy(one.lookup).to(indices.device)
            coordinates = tables[0].index_select(0, indices[0])  # (N, K)
            for table, index in zip(tables[1:], indices[1:], strict=True):
                coordinates += table.index_select(0, index)
            pixels = coordinates.view(bottom - top, right - left, -1).cpu().numpy()
            region[one.name] = one.to_map(pixels)
            first += count
        return region

    def _table_indices(self, top: int, left: int, bottom: int, right: int) -> torch.Tensor:
        """Indices (C, h, w) into the tables, of the blended components in a rectangle."""
        device = self.source.device
        total = torch.zeros(len(self.source), bottom - top, right - left, device=device)
        squares = torch.zeros(bottom - top, right - left, device=device)
        for vertex in self.grid.vertices(top, left, bottom, right):
            (y, x), (row_px, column_px) = self.grid.centre_px(*vertex), self.grid.cell_px
            upper, lower = max(top, math.floor(y - row_px)), min(bottom, math.ceil(y + row_px))
            begin, end = max(left, math.floor(x - column_px)), min(right, math.ceil(x + column_px))
            if upper >= lower or begin >= end:
                continue
            weights = self._weights((y, x), (upper, lower), (begin, end))
            from_y, from_x = self._origin(vertex, (upper, begin), (lower - upper, end - begin))
            piece = self.source[:, from_y : from_y + lower - upper, from_x : from_x + end - begin]
            inside = (slice(upper - top, lower - top), slice(begin - left, end - left))
            total[:, *inside].addcmul_(piece, weights)
            squares[inside].addcmul_(weights, weights)
        scale = (ENTRIES - 1) / (2 * LIMIT)
        total.mul_(squares.rsqrt_().mul_(scale)).add_(LIMIT * scale + 0.5)
        return total.clamp_(0, ENTRIES - 1).int()

    def _weights(self, centre: tuple[float, float], rows: tuple[int, int], columns: tuple[int, int]) -> torch.Tensor:
        """Weights (h, w) of the piece around a vertex: 1 there, 0 at the six vertices around it."""
        row_px, column_px = self.grid.cell_px
        up = (centre[0] - torch.arange(*rows) - 0.5) / row_px
        right = (torch.arange(*columns) + 0.5 - centre[1]) / column_px
        first = right - up[:, None] / 2  # (h, w): coordinates along two sides of the triangles
        up = up[:, None]
        hat = 1 - torch.maximum(torch.maximum(first.abs(), up.abs()), (first + up).abs())
        return hat.clamp_(min=0).pow_(self.sharpness).to(self.source.device)

    def _origin(self, vertex: tuple[int, int], corner: tuple[int, int], shape: tuple[int, int]) -> tuple[int, int]:
        """(y, x) in the source from which a vertex' piece takes the rectangle at this corner of the result."""
        up, right = random_point(*self.grid.on_torus(*vertex), self.layout)
        centre, origin = self.grid.centre_px(*vertex), []
        for axis, share in enumerate((1 - up, right)):
            margin = self.margins[axis]
            place = (margin + share * (1 - 2 * margin)) * self.size_px[axis]
            start = corner[axis] + round(place - centre[axis])
            longest = self.source.shape[1 + axis] - shape[axis]
            origin.append(min(max(start, 0), longest) if margin else start % self.size_px[axis])
        return origin[0], origin[1]


def blend_of(subject: Maps, parameters: HistogramBlendingParameters, context: Context) -> Blend:
    """The blend for these parameters; its Gaussian maps take most of the time of a small result."""
    context.progress(0.0, "Looking for a pattern")
    _check_pattern(subject, parameters.pattern, context)
    maps = []
    for index, name in enumerate(subject):
        context.progress(0.05 + 0.15 * index / len(subject), "Comparing colours")
        maps.append(gaussianize(name, subject[name]))
    size_px = subject.size_px
    grid = TriangleGrid.near(parameters.size_px(subject), max(LEAST_CELL_PX, parameters.cell_size * min(size_px)))
    hexagon = tuple(math.ceil(2 * cell) + 2 for cell in grid.cell_px)
    joined = np.concatenate([one.values for one in maps])
    down, across = wraps(subject)
    margins = []
    for axis, does_wrap in enumerate((down, across)):
        joined = np.pad(
            joined,
            [(0, hexagon[axis] if axis + 1 == dimension else 0) for dimension in range(3)],
            mode="wrap" if does_wrap else "symmetric",
        )
        margins.append(0.0 if does_wrap else min(0.5, grid.cell_px[axis] / size_px[axis]))
    layout = int(context.rng.integers(LARGEST_LAYOUT)) if parameters.layout < 0 else parameters.layout
    source = torch.from_numpy(joined).to(context.device)
    return Blend(maps, source, size_px, grid, (margins[0], margins[1]), layout, parameters.sharpness)


def _check_pattern(subject: Maps, wanted: str, context: Context) -> None:
    """Note a regular pattern, or raise ParameterError for it."""
    if wanted == "insist":
        return
    maps = {name: torch.from_numpy(texture.pixels).permute(2, 0, 1) for name, texture in subject.items()}
    if find_regularity(luma_of(maps)) is None:
        return
    if wanted == "refuse":
        message = "the source has a regular pattern, which pieces at random places would break"
        raise ParameterError(message, "make it seamless with a tool that keeps patterns, or insist")
    context.note("the source has a regular pattern, which was broken: a tool that keeps patterns would suit it better")


def tiles_of(
    subject: Maps, parameters: HistogramBlendingParameters, context: Context
) -> Iterator[tuple[int, int, Maps]]:
    """The result in tiles (top, left, maps), in bands from the top."""
    blend = blend_of(subject, parameters, context)
    height, width = blend.grid.size_px
    width_m = subject.width_m and subject.width_m * width / subject.size_px[1]
    for top in range(0, height, TILE_PX[0]):
        for left in range(0, width, TILE_PX[1]):
            with torch.inference_mode():
                arrays = blend.region(top, left, min(top + TILE_PX[0], height), min(left + TILE_PX[1], width))
            textures = {name: Texture(pixels, subject[name].color_space) for name, pixels in arrays.items()}
            yield top, left, replace(subject, textures=textures, width_m=width_m)


def blended_maps(subject: Maps, parameters: HistogramBlendingParameters, context: Context) -> Maps:
    """The whole result, with previews."""
    height, width = parameters.size_px(subject)
    whole = {
        name: Texture(np.zeros((height, width, one.pixels.shape[2]), np.float32), one.color_space)
        for name, one in subject.items()
    }
    previewed, stride, shown_s = next(iter(subject)), -(-max(height, width) // PREVIEW_PX), time.monotonic()
    result = subject
    for top, left, tile in tiles_of(subject, parameters, context):
        rows, columns = tile.size_px
        for name, texture in tile.items():
            whole[name].pixels[top : top + rows, left : left + columns] = texture.pixels
        context.progress(0.2 + 0.8 * (top + rows) / height, "Blending pieces")
        if time.monotonic() - shown_s >= PREVIEW_EVERY_S:
            context.preview(Maps.from_arrays({previewed: whole[previewed].pixels[::stride, ::stride]}))
            shown_s = time.monotonic()
        result = tile
    return replace(result, textures=whole)
