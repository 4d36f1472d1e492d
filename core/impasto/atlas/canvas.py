"""A canvas for tools: all charts of a mesh at one texel density, with gutters that show what lies across their seams.

Tools paint it like any picture. `ChartCanvas.unfold` and `fold` move maps from a texture to the canvas and back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn.functional import grid_sample

from ..numerics.filters import amplify_detail, detail_energy
from ..texture import NORMAL_MAPS, Maps
from .charts import Charts, linear_map
from .gutters import Gutters, centres
from .packing import CELL_PX, occupied_cells, pack
from .raster import NONE, Size, rasterization
from .sampling import at_size, in_frame, nearest_values, samples

GUTTERS_PX = (16, 12, 8, 4)
"""Possible widths of the gutter around each chart."""
MOST_TEXELS = 1.5
"""Most texels of charts and gutters, relative to those of the texture; it determines the width of gutters."""
FINENESS = 0.9
"""Share of the surface with at least the resolution of the texture, unless the canvas becomes too large."""
MOST_IN_CHARTS = 1.3
"""Most texels of all charts on the canvas, relative to those on the texture."""
LEAST_TEXELS = 1024
"""Texels that each chart may have with its gutter, even if the texture is small."""
LONGEST = 3.0
"""Longest side of a chart, relative to the side of a square with the most texels."""
FADE_PX = 4.0
"""Width over which a chart fades at a seam of the texture. The mean of two paints has half of their detail."""
SIMILAR = 0.9
"""Least factor by which styles are reduced: by a few percent, they would lose detail."""
COARSER = 0.8
"""Factor by which the density is reduced while there are too many texels even with the narrowest gutter."""
DETAIL_PX, NEAR_PX = 1.2, 4.0
"""Widths of the blurs that separate detail, and that average its energy."""


@dataclass(frozen=True, eq=False)
class ChartCanvas:
    """Charts of a mesh side by side on a canvas, with `density` texels per metre.

    matrices, offsets: (I, 2, 2) and (I, 2), from texels of the texture to texels of the canvas. texels: (H, W), number
    of the triangle at each texel of the canvas, `NONE` in gutters and between them.
    """

    charts: Charts
    density: float
    matrices: np.ndarray
    offsets: np.ndarray
    texels: np.ndarray
    gutters: Gutters
    gutter_px: int

    @classmethod
    def of(cls, charts: Charts, density: float | None = None) -> ChartCanvas:
        """The canvas of charts. density: texels per metre; by default, that of the texture."""
        size_px = charts.size_px
        is_drawn = charts.chart == charts.mesh.islands  # copies lie where their originals do
        drawn_charts = np.unique(charts.chart[is_drawn])
        density = density or _density(charts)
        most = max(MOST_TEXELS * size_px[0] * size_px[1], LEAST_TEXELS * len(drawn_charts))
        while True:
            matrices = charts.matrices * density
            corners = charts.in_metres * density
            lowest = _lowest(corners, charts.chart, is_drawn, len(matrices))
            shapes = [_shape(corners[is_drawn & (charts.chart == index)] - lowest[index]) for index in drawn_charts]
            gutter_px, cells = _widest_gutter(shapes, most)
            if cells:
                break
            density *= COARSER
        places, canvas = pack(cells)
        moves = np.zeros((len(matrices), 2))  # by whole texels, so that charts on one plane meet at seams
        margin = -(-gutter_px // CELL_PX) * CELL_PX
        moves[drawn_charts] = np.array(places, float)[:, ::-1] * CELL_PX + margin - lowest[drawn_charts]
        corners += moves[charts.chart][:, None]
        drawn = np.where(is_drawn[:, None, None], corners, -1.0)
        texels, _ = rasterization(drawn, (canvas[0] * CELL_PX, canvas[1] * CELL_PX))
        gutters = Gutters.of(charts, corners, texels, gutter_px)
        return cls(charts, density, matrices, charts.offsets * density + moves, texels, gutters, gutter_px)

    @property
    def longest_px(self) -> float:
        """Longer side of the texture at the density of the canvas, or its own, to which sizes are relative."""
        on_canvas, on_texture = (float((part != NONE).sum()) for part in (self.texels, self.charts.texels))
        factor = (on_canvas / on_texture) ** 0.5
        return max(self.charts.size_px) * (factor if factor < SIMILAR else 1.0)

    @property
    def size_px(self) -> Size:
        """(height, width) of the canvas."""
        return self.texels.shape[0], self.texels.shape[1]

    def unfold(self, maps: Maps) -> Maps:
        """Maps on the canvas, from maps of the texture in any resolution."""
        values = {name: self._on_canvas(texture.pixels, name in NORMAL_MAPS) for name, texture in maps.items()}
        return replace(maps, textures={}, width_m=self.size_px[1] / self.density).with_arrays(values)

    def fold(self, maps: Maps, *, fades: bool = True, is_painted: bool = False) -> Maps:
        """Maps on the texture, from maps of the canvas; margins show what lies across the seams.

        Maps of the canvas may be enlarged or reduced; the result then is, too. fades: whether charts fade at seams (see
        `across`), where a pattern would be visible twice. is_painted: whether to make the texture as sharp as paint on
        the canvas, where resampling and fading have blurred it.
        """
        values = {}
        for name, texture in maps.items():
            values[name] = self._on_texture(texture.pixels, name in NORMAL_MAPS, fades)
            if is_painted and name not in NORMAL_MAPS:
                values[name] = self._with_detail(values[name], texture.pixels)
        return replace(maps, textures={}, width_m=None).with_arrays(values)

    @property
    def in_metres(self) -> np.ndarray:
        """Position (H, W, 2) of each texel on the plane of the charts, in metres, y down."""
        chart, _ = self._here
        return (centres(self.size_px) - self.offsets[chart]) / self.density + self.charts.offsets[chart]

    def shown_texels(self, size_px: Size) -> tuple[np.ndarray, np.ndarray]:
        """Flat indices (h, w), at this resolution, of the nearest chart texel, and of the chart texel that is shown.

        They differ in gutters, which show what lies across the seam.
        """
        table = self._table(*size_px)
        rows, columns = self._centres_at(size_px)
        is_drawn = self.texels[np.ix_(rows.astype(int), columns.astype(int))] != NONE
        row, column = distance_transform_edt(~is_drawn, return_distances=False, return_indices=True)
        nearest = row.astype(np.int64) * size_px[1] + column
        x, y = (
            ((table.where[0, ..., axis].numpy() + 1) / 2 * side).astype(int).clip(0, side - 1)
            for axis, side in enumerate(size_px[::-1])
        )
        return nearest, np.where(table.mask[0, 0].numpy(), nearest[y, x], nearest)

    def across(self, x: Tensor) -> Tensor:
        """x (B, C, h, w), a picture of the canvas at any resolution, with continuous seams.

        At a seam, a chart fades into the gutter of the other chart; gutters then show what lies across.
        """
        table = self._table(x.shape[2], x.shape[3]).to(x.device)
        picture = x.float()
        picture = picture + table.share * (table.sampled(picture) - picture)
        return table.with_gutters(picture).to(x.dtype)

    def _across_values(self, values: np.ndarray, is_normal: bool) -> np.ndarray:
        """`across` for values (h, w, C) of the canvas, with narrow fades; normals are rotated with their charts."""
        table = self._table(values.shape[0], values.shape[1])
        other = _as_array(table.sampled(_as_tensor(values)))
        other = in_frame(other, at_size(self.gutters.turn, values.shape[:2])) if is_normal else other
        share = (0.5 - (0.5 - table.share[0, 0, :, :, None].numpy()) * self.gutter_px / FADE_PX).clip(0)
        return self._with_gutters(values + share * (other - values), is_normal)

    def _table(self, height: int, width: int) -> _Table:
        """Gutters at this resolution."""
        if (height, width) not in self._tables:
            rows, columns = self._centres_at((height, width))
            picked = np.ix_(rows.astype(int), columns.astype(int))
            shift = np.stack(np.meshgrid(columns % 1 - 0.5, rows % 1 - 0.5), 2)  # from the centre of the picked texel
            moved = linear_map(shift, self.gutters.turn[picked].swapaxes(2, 3))
            where = (self.gutters.source[picked] + moved) / np.array(self.size_px)[::-1] * 2 - 1
            mask, share = (
                torch.from_numpy(part[picked])[None, None] for part in (self.gutters.mask, self.gutters.share)
            )
            self._tables[height, width] = _Table(torch.from_numpy(where).float()[None], mask, share)
        return self._tables[height, width]

    def _centres_at(self, size_px: Size) -> tuple[np.ndarray, np.ndarray]:
        """Rows (h,) and columns (w,) of the canvas at the centres of pixels of another resolution."""
        rows, columns = (
            (np.arange(count) + 0.5) * side / count for count, side in zip(size_px, self.size_px, strict=True)
        )
        return rows, columns

    @cached_property
    def _tables(self) -> dict[Size, _Table]:
        return {}

    @cached_property
    def _here(self) -> tuple[np.ndarray, np.ndarray]:
        """Nearest chart of each texel of the canvas (H, W), and its position (H, W, 2) on the texture, from 0 to 1."""
        chart = self.charts.chart[nearest_values(self.texels, self.texels)]
        there = linear_map(centres(self.size_px) - self.offsets[chart], np.linalg.inv(self.matrices)[chart])
        return chart, there / np.array(self.charts.size_px)[::-1]

    def _on_canvas(self, pixels: np.ndarray, is_normal: bool) -> np.ndarray:
        """Values (H, W, C) on the canvas, from pixels (h, w, C) of the texture."""
        chart, there = self._here
        area = np.abs(np.linalg.det(self.matrices)) * self.charts.texels.size / pixels[..., 0].size
        finer = np.maximum(area, 1e-12) ** -0.5
        values = samples(nearest_values(pixels, at_size(self.charts.texels, pixels.shape[:2])), there, finer[chart])
        values = in_frame(values, self.charts.turns[chart]) if is_normal else values
        values = self._with_gutters(values, is_normal)
        return nearest_values(values, np.where(self.gutters.mask, 0, self.texels))

    def _with_gutters(self, values: np.ndarray, is_normal: bool) -> np.ndarray:
        """Values (H, W, C) of the canvas, with gutters that show what lies across the seams."""
        x = _as_tensor(values)
        filled = _as_array(self._table(x.shape[2], x.shape[3]).with_gutters(x))
        if not is_normal:
            return filled
        mask, turn = (at_size(part, filled.shape[:2]) for part in (self.gutters.mask, self.gutters.turn))
        return np.where(mask[..., None], in_frame(filled, turn), filled)

    def _on_texture(self, pixels: np.ndarray, is_normal: bool, fades: bool) -> np.ndarray:
        """Values (h, w, C) on the texture, from pixels (H, W, C) of the canvas."""
        factor = pixels.shape[0] / self.size_px[0]
        chart, here, is_near = self._there(factor)
        join = self._across_values if fades else self._with_gutters
        values = samples(join(pixels, is_normal), here)
        values = in_frame(values, self.charts.turns.swapaxes(1, 2)[chart]) if is_normal else values
        return nearest_values(values, np.where(is_near, 0, NONE))

    def _with_detail(self, values: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """Values (h, w, C) on the texture, with detail as strong as in the pixels (H, W, C) of the canvas."""
        _, here, _ = self._there(pixels.shape[0] / self.size_px[0])
        energy = detail_energy(_as_tensor(pixels), DETAIL_PX, NEAR_PX)
        wanted = _as_tensor(samples(_as_array(energy), here))
        return _as_array(amplify_detail(_as_tensor(values), wanted, DETAIL_PX, NEAR_PX))

    def _there(self, factor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Nearest chart, position on the canvas, and nearness of each texel of the texture, enlarged by a factor.

        Charts are (h, w); positions (h, w, 2), from 0 to 1; nearness (h, w), whether a gutter reaches the texel.
        """
        if factor not in self._places_there:
            height, width = (max(1, round(side * factor)) for side in self.charts.size_px)
            size_px = height, width
            texels = at_size(self.charts.texels, size_px)
            triangle = nearest_values(texels, texels)
            chart, sides = self.charts.chart[triangle], np.array(self.charts.size_px)[::-1]
            there = centres(size_px) / np.array(size_px)[::-1] * sides
            there += np.round((self.charts.corners.mean(1)[triangle] - there) / sides) * sides  # beyond the first tile
            here = linear_map(there, self.matrices[chart]) + self.offsets[chart]
            reach = self.gutter_px * factor * np.abs(np.linalg.det(self.matrices))[chart] ** -0.5
            is_near = distance_transform_edt(texels == NONE) < reach
            self._places_there[factor] = chart, here / np.array(self.size_px)[::-1], is_near
        return self._places_there[factor]

    @cached_property
    def _places_there(self) -> dict[float, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        return {}


@dataclass(frozen=True, eq=False)
class _Table:
    """Gutters of a picture (h, w): positions (1, h, w, 2) from -1 to 1, mask and share (1, 1, h, w)."""

    where: Tensor
    mask: Tensor
    share: Tensor

    def to(self, device: torch.device) -> _Table:
        return _Table(*(part.to(device) for part in (self.where, self.mask, self.share)))

    def sampled(self, x: Tensor) -> Tensor:
        """Values of x (B, C, h, w) at the other position of each texel."""
        return grid_sample(x, self.where.expand(len(x), -1, -1, -1), "bilinear", "border", align_corners=False)

    def with_gutters(self, x: Tensor) -> Tensor:
        """x (B, C, h, w), with gutters that show what lies across the seams."""
        for _ in range(2):  # samples at seams then use the gutters of the first pass
            x = torch.where(self.mask, self.sampled(x), x)
        return x


def _as_tensor(values: np.ndarray) -> Tensor:
    """(H, W, C) -> (1, C, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))[None]


def _as_array(x: Tensor) -> np.ndarray:
    """(1, C, H, W) -> (H, W, C)."""
    return np.ascontiguousarray(x[0].permute(1, 2, 0).numpy())


def _density(charts: Charts) -> float:
    """Texels per metre of the canvas: as fine as almost all islands, unless the canvas becomes too large."""
    triangles = charts.texels[charts.texels != NONE]
    island = charts.chart[triangles]
    texels = np.bincount(island, minlength=len(charts.matrices))
    area = charts.texel_areas
    squared = 1 / area
    order = np.argsort(squared)
    share = np.cumsum((texels * area)[order])
    finest = squared[order][np.searchsorted(share, FINENESS * share[-1])]
    return float(np.sqrt(min(finest, MOST_IN_CHARTS * len(triangles) / share[-1])))


def _lowest(corners: np.ndarray, chart: np.ndarray, is_drawn: np.ndarray, count: int) -> np.ndarray:
    """Upper left corners (I, 2) of charts, in whole texels."""
    found = np.full((count, 2), np.inf)
    np.minimum.at(found, np.repeat(chart[is_drawn], 3), corners[is_drawn].reshape(-1, 2))
    return np.floor(found)


def _shape(corners: np.ndarray) -> np.ndarray:
    """Mask (H, W) of a chart's triangles and their corners, since a narrow triangle may contain no texel centre."""
    points = np.floor(corners.reshape(-1, 2)).astype(int)
    size_px = int(points[:, 1].max()) + 1, int(points[:, 0].max()) + 1
    mask = rasterization(corners, size_px)[0] != NONE
    mask[points[:, 1], points[:, 0]] = True
    return mask


def _widest_gutter(shapes: Sequence[np.ndarray], most: float) -> tuple[int, list[np.ndarray]]:
    """The widest gutter with which charts have at most `most` texels, and their cells; no cells if all are too wide."""
    for gutter_px in GUTTERS_PX:
        cells = [occupied_cells(shape, gutter_px) for shape in shapes]
        longest_px = max(max(one.shape) for one in cells) * CELL_PX
        if sum(int(one.sum()) for one in cells) * CELL_PX**2 <= most and longest_px <= LONGEST * most**0.5:
            return gutter_px, cells
    return 0, []
