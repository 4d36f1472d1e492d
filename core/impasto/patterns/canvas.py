"""Pixels of a result on each pyramid level: a torus, or the charts of a mesh, which are cut out of one.

Synthesis on meshes follows Lefebvre & Hoppe (2006): gutters around charts show the texels across their seams.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from ..atlas.canvas import ChartCanvas
from ..atlas.raster import NONE
from .features import RADIUS_PX
from .field import PixelGrid

STEP_PX = 64
"""The sides of the torus for charts are multiples of this, so that every level has whole pixels."""
MOST_REPEAT = 4
"""Longest side of that torus, relative to that of the example; on larger objects, the first layout repeats."""


@dataclass(frozen=True)
class TorusShape:
    """A torus."""

    size_px: tuple[int, int]

    @property
    def torus_px(self) -> tuple[int, int]:
        return self.size_px

    def grid(self, scale: int, device: torch.device) -> PixelGrid:
        return PixelGrid((-(-self.size_px[0] // scale), -(-self.size_px[1] // scale)), (True, True), device)


@dataclass(frozen=True)
class CanvasShape:
    """A canvas of charts that lie on one plane. plane: (H, W, 2), x and y there, in pixels."""

    canvas: ChartCanvas
    plane: np.ndarray
    torus_px: tuple[int, int]

    @classmethod
    def of(cls, canvas: ChartCanvas, example_px: tuple[int, int]) -> CanvasShape:
        """The shape of a canvas, for an example of this size."""
        plane = canvas.in_metres * canvas.density
        in_charts = plane[canvas.texels != NONE]
        plane, extent = plane - in_charts.min(0), np.ptp(in_charts, axis=0)[::-1]
        sides = (
            STEP_PX * min(int(length) // STEP_PX + 1, -(-MOST_REPEAT * side // STEP_PX))
            for length, side in zip(extent, example_px, strict=True)
        )
        return cls(canvas, plane, (next(sides), next(sides)))

    @property
    def size_px(self) -> tuple[int, int]:
        return self.canvas.size_px

    def grid(self, scale: int, device: torch.device) -> CanvasGrid:
        size = -(-self.size_px[0] // scale), -(-self.size_px[1] // scale)
        rows, columns = (
            (np.arange(count) * scale + scale // 2).clip(max=side - 1)
            for count, side in zip(size, self.size_px, strict=True)
        )
        torus = self.torus_px[0] // scale, self.torus_px[1] // scale
        plane = np.floor(self.plane[np.ix_(rows, columns)] / scale).astype(np.int64)[..., ::-1] % torus
        nearest, texels, places = (
            torch.from_numpy(one.copy()).to(device) for one in (*self.canvas.shown_texels(size), plane)
        )
        return CanvasGrid(size, (False, False), device, nearest, texels, places, torus)


ResultShape: TypeAlias = TorusShape | CanvasShape
"""Shape of a result of `size_px`, whose first layout is a torus of `torus_px`; `grid` returns the pixels of a level."""


@dataclass(frozen=True)
class CanvasGrid(PixelGrid):
    """Texels of a canvas; those in charts are synthesised. nearest: (h, w), flat indices of the nearest chart texels.

    texels: (h, w), flat indices of the chart texels that are shown. places: (h, w, 2), positions y and x on the torus.
    """

    nearest: Tensor
    texels: Tensor
    places: Tensor
    torus: tuple[int, int]

    @property
    def torus_size(self) -> tuple[int, int]:
        return self.torus

    def torus_position(self, index: Tensor) -> tuple[Tensor, Tensor]:
        y, x = self.position(index)
        return self.places[y, x, 0], self.places[y, x, 1]

    @cached_property
    def shown_pixels(self) -> Tensor:
        """Index (P,) of the chart texel that each pixel shows."""
        return self._indices(self.texels)

    @cached_property
    def nearest_pixels(self) -> Tensor:
        """Index (P,) of the nearest chart texel."""
        return self._indices(self.nearest)

    def _indices(self, texels: Tensor) -> Tensor:
        """Indices (P,) from flat indices (h, w), with a margin that repeats the outermost ones."""
        flat = self.pixels_of(texels)
        return self.index(torch.div(flat, self.size[1], rounding_mode="floor"), flat % self.size[1])

    @cached_property
    def margin(self) -> Tensor:
        """Indices (M,) of all pixels except chart texels."""
        pixels = torch.arange(len(self.shown_pixels), device=self.device)
        return (self.shown_pixels != pixels).nonzero()[:, 0]

    @cached_property
    def rim(self) -> Tensor:
        """Indices of the pixels around charts that windows of chart texels reach."""
        is_inside = torch.ones_like(self.shown_pixels, dtype=torch.float).index_fill_(0, self.margin, 0)
        near = max_pool2d(is_inside.view(1, -1, self.stride), 2 * RADIUS_PX + 1, 1, RADIUS_PX).flatten() - is_inside
        return near.nonzero()[:, 0]

    @cached_property
    def inside(self) -> Tensor:
        """Indices (n,) of chart texels, row by row."""
        pixels = torch.arange(len(self.shown_pixels), device=self.device)
        return (self.shown_pixels == pixels).nonzero()[:, 0]
