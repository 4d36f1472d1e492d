"""Results on each level of the pyramid: a torus, or the charts of a mesh that are cut out of one.

Synthesis on surfaces after Lefebvre & Hoppe (2006): gutters round charts show the texels across their seams.
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
"""The torus that charts are cut out of has sides that are multiples of this, so whole pixels on every level."""
MOST_REPEAT = 4
"""Longest side of that torus, relative to the example's; on larger objects, the first layout repeats."""


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
    """A canvas of charts that are laid out on one plane; plane (H, W, 2): x and y there, in pixels."""

    canvas: ChartCanvas
    plane: np.ndarray
    torus_px: tuple[int, int]

    @classmethod
    def of(cls, canvas: ChartCanvas, example_px: tuple[int, int]) -> CanvasShape:
        """The shape of a canvas that is to look like an example of this size."""
        plane = canvas.in_metres * canvas.density
        shown = plane[canvas.texels != NONE]
        plane, extent = plane - shown.min(0), np.ptp(shown, axis=0)[::-1]
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
        nearest, shown, places = (
            torch.from_numpy(one.copy()).to(device) for one in (*self.canvas.shown_texels(size), plane)
        )
        return CanvasGrid(size, (False, False), device, nearest, shown, places, torus)


ResultShape: TypeAlias = TorusShape | CanvasShape
"""A result of `size_px` whose first layout is a torus of `torus_px`; `grid` are the pixels of a level."""


@dataclass(frozen=True)
class CanvasGrid(PixelGrid):
    """Texels of a canvas, of which those of charts are chosen. nearest (h, w): flat indices of the nearest of these.

    shown (h, w): of those that each one shows. places (h, w, 2): where each lies on a torus, y and x.
    """

    nearest: Tensor
    shown: Tensor
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
        """Index (P,) of the texel of a chart that each one shows."""
        return self._indices(self.shown)

    @cached_property
    def nearest_pixels(self) -> Tensor:
        """Index (P,) of the nearest texel of a chart."""
        return self._indices(self.nearest)

    def _indices(self, texels: Tensor) -> Tensor:
        """Indices (P,) of flat ones (h, w), with a margin that repeats the outermost."""
        found = self.pixels_of(texels)
        return self.index(torch.div(found, self.size[1], rounding_mode="floor"), found % self.size[1])

    @cached_property
    def margin(self) -> Tensor:
        """Indices (M,) of all but the texels of charts."""
        pixels = torch.arange(len(self.shown_pixels), device=self.device)
        return (self.shown_pixels != pixels).nonzero()[:, 0]

    @cached_property
    def rim(self) -> Tensor:
        """Indices of the pixels beside charts that their windows reach."""
        is_inside = torch.ones_like(self.shown_pixels, dtype=torch.float).index_fill_(0, self.margin, 0)
        near = max_pool2d(is_inside.view(1, -1, self.stride), 2 * RADIUS_PX + 1, 1, RADIUS_PX).flatten() - is_inside
        return near.nonzero()[:, 0]

    @cached_property
    def inside(self) -> Tensor:
        """Indices (n,) of the texels of charts, row by row."""
        pixels = torch.arange(len(self.shown_pixels), device=self.device)
        return (self.shown_pixels == pixels).nonzero()[:, 0]
