"""Coordinate fields: which pixel of a source each pixel of a picture shows.

Pixels are flat indices into pictures with a margin all round, so that windows never leave the array. A field covers all
pixels of a picture or some, and wraps around its borders or ends there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..numerics.borders import with_margin
from .features import RADIUS_PX

SIDE = 7
"""Pixels of a patch's side."""
STRIDE = 2
"""Pixels from one patch to the next, in pictures and styles alike, so that a match suggests its neighbours'."""


@dataclass(frozen=True)
class PixelGrid:
    """Pixels (h, w), of which P = (h + 4) (w + 4) with the margin; wraps: whether it is periodic (y, x)."""

    size: tuple[int, int]
    wraps: tuple[bool, bool]
    device: torch.device

    @property
    def stride(self) -> int:
        """Difference between the indices of a pixel and the one below."""
        return self.size[1] + 2 * RADIUS_PX

    @cached_property
    def offsets(self) -> Tensor:
        """Differences (25,) between the indices of a window's pixels and its centre."""
        reach = torch.arange(-RADIUS_PX, RADIUS_PX + 1, device=self.device)
        return (reach[:, None] * self.stride + reach).flatten()

    def index(self, y: Tensor, x: Tensor) -> Tensor:
        """Indices of pixels, which may lie in the margin."""
        return (y + RADIUS_PX) * self.stride + x + RADIUS_PX

    def position(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """(y, x) of indices."""
        rows = torch.div(index, self.stride, rounding_mode="floor")
        return rows - RADIUS_PX, index - rows * self.stride - RADIUS_PX

    @property
    def torus_size(self) -> tuple[int, int]:
        """(height, width) of the torus that the pixels are laid out on: their own."""
        return self.size

    def torus_position(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """(y, x) of indices on the torus that they are laid out on."""
        return self.position(index)

    def lines(self, axis: int) -> Tensor:
        """The row or column that each one shows, those of the margin included: around the torus, or the outermost."""
        length = self.size[axis]
        line = torch.arange(-RADIUS_PX, length + RADIUS_PX, device=self.device)
        return line % length if self.wraps[axis] else line.clamp(0, length - 1)

    def pixels_of(self, image: Tensor) -> Tensor:
        """Pixels (P, ...) of an image (h, w, ...), with its margin."""
        return image.index_select(0, self.lines(0)).index_select(1, self.lines(1)).flatten(0, 1)

    def image(self, pixels: Tensor) -> Tensor:
        """Image (h, w, ...) of pixels (P, ...), without its margin."""
        shape = self.size[0] + 2 * RADIUS_PX, self.stride, *pixels.shape[1:]
        return pixels.view(shape)[RADIUS_PX:-RADIUS_PX, RADIUS_PX:-RADIUS_PX]

    @cached_property
    def shown_pixels(self) -> Tensor:
        """Index (P,) of the pixel that each one shows: its own, except in the margin."""
        return self.index(self.lines(0)[:, None], self.lines(1)).flatten()

    @property
    def nearest_pixels(self) -> Tensor:
        """Index (P,) of the pixel that each one continues: the one that it shows."""
        return self.shown_pixels

    @cached_property
    def margin(self) -> Tensor:
        """Indices (M,) of the margin."""
        (height, width), reach = self.size, RADIUS_PX
        is_margin = torch.ones(height + 2 * reach, width + 2 * reach, dtype=torch.bool, device=self.device)
        is_margin[reach:-reach, reach:-reach] = False
        return is_margin.flatten().nonzero()[:, 0]

    def brought_inside(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Positions around the torus, or the nearest inside."""
        inside = [
            position % length if wraps else position.clamp(0, length - 1)
            for position, length, wraps in zip((y, x), self.size, self.wraps, strict=True)
        ]
        return inside[0], inside[1]

    @property
    def rim(self) -> Tensor:
        """Indices of the pixels of the margin that windows of the picture reach."""
        return self.margin

    def with_margin(self, pixels: Tensor) -> Tensor:
        """Pixels (P, ...) whose margin, as far as windows reach, is brought up to date, in place."""
        pixels[self.rim] = pixels[self.shown_pixels[self.rim]]
        return pixels

    def is_inside(self) -> Tensor:
        """Whether pixels (P,) belong to the picture: all but the margin where it does not wrap."""
        lines = []
        for length, wraps in zip(self.size, self.wraps, strict=True):
            line = torch.arange(-RADIUS_PX, length + RADIUS_PX, device=self.device)
            lines.append(torch.full_like(line, wraps, dtype=torch.bool) | ((line >= 0) & (line < length)))
        return (lines[0][:, None] & lines[1]).flatten()

    def is_within(self, y: Tensor, x: Tensor) -> Tensor:
        """Whether positions lie in the picture."""
        return (y >= 0) & (y < self.size[0]) & (x >= 0) & (x < self.size[1])

    @cached_property
    def inside(self) -> Tensor:
        """Indices (h w,) of all pixels but the margin, row by row."""
        rows, columns = (torch.arange(length, device=self.device) for length in self.size)
        return self.index(rows[:, None], columns).flatten()


@dataclass(frozen=True)
class SourceGrid:
    """A source on a level of its pyramid, whose pixels are `scale` wide.

    source (P,): index of the pixel that may be taken for each, or -1. vectors (P, C): features, whole numbers.
    """

    scale: int
    grid: PixelGrid
    source: Tensor
    vectors: Tensor

    @cached_property
    def usable(self) -> Tensor:
        """Indices (n,) of all pixels that may be taken."""
        pixels = (self.source >= 0).nonzero()[:, 0]
        return pixels[self.source[pixels] == pixels]

    def at(self, y: Tensor, x: Tensor) -> Tensor:
        """The pixels that may be taken at positions, around the torus or nearest inside; -1 if none."""
        return self.source[self.grid.index(*self.grid.brought_inside(y, x))]

    def allowed_places(self, places: Tensor, pixels: Tensor) -> Tensor:
        """The places (n,), which may be in the margin, that pixels (n,) may show; -1 for others."""
        return self.source[places]

    def anywhere(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """Random places (n,) for pixels (n,); -1 if there is none."""
        drawn = torch.rand(len(pixels), generator=generator, dtype=torch.double).to(pixels.device)
        return self.usable[(drawn * len(self.usable)).long()]


@dataclass
class Field:
    """Places (P,) in a source that the pixels of a grid show; pixels (N,): those whose places are chosen."""

    grid: PixelGrid
    source: SourceGrid
    place: Tensor
    pixels: Tensor

    def positions(self) -> tuple[Tensor, Tensor]:
        """Positions (y, x), both (N,), in the source that are shown."""
        return self.source.grid.position(self.place[self.pixels])

    def show(self, pixels: Tensor, places: Tensor) -> None:
        """Show places (n,) at pixels (n,)."""
        self.place[pixels] = places
        self.grid.with_margin(self.place)

    def on_finer_level(self, grid: PixelGrid, source: SourceGrid, pixels: Tensor) -> Field:
        """The field of a level twice as large: the four pixels of a parent show the four that its own covers; or -1."""
        y, x = grid.position(pixels)
        parents = self.grid.shown_pixels[self.grid.index(y // 2, x // 2)]
        from_y, from_x = self.source.grid.position(self.place[parents])
        field = Field(grid, source, grid.shown_pixels.clone(), pixels)
        field.show(pixels, source.at(2 * from_y + y % 2, 2 * from_x + x % 2))
        return field


@dataclass(frozen=True)
class PatchGrid:
    """Patches over a picture of height x width, with all lengths `factor` times those used for matching.

    In a picture that tiles, patches wrap around its borders; any other gets a mirrored margin, so that borders are
    covered as often as the rest.
    """

    height: int
    width: int
    seamless: bool
    factor: int = 1

    @property
    def side(self) -> int:
        """Pixels of a patch's side."""
        return SIDE * self.factor

    @property
    def stride(self) -> int:
        """Pixels from one patch to the next."""
        return STRIDE * self.factor

    @property
    def margin(self) -> int:
        """Pixels from the first patch's corner to the picture's."""
        return 0 if self.seamless else (SIDE - 1) * self.factor

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return -(-(self.height + self.margin) // self.stride), -(-(self.width + self.margin) // self.stride)

    @cached_property
    def canvas(self) -> tuple[int, int]:
        """Height and width of the area that the patches cover."""
        rows, columns = self.shape
        return (rows - 1) * self.stride + self.side, (columns - 1) * self.stride + self.side

    def at_scale(self, factor: int) -> PatchGrid:
        """The same patches on a picture enlarged by a factor."""
        return PatchGrid(self.height * factor, self.width * factor, self.seamless, factor)

    def on_canvas(self, x: Tensor) -> Tensor:
        """(B, C, H, W), extended to the area that the patches cover."""
        below, right = self.canvas[0] - self.margin - self.height, self.canvas[1] - self.margin - self.width
        return with_margin(x, ((self.margin, below), (self.margin, right)), self.seamless)

    def at_centres(self, x: Tensor) -> Tensor:
        """Values (patches, C) of (1, C, H, W) at the patches' centres."""
        rows, columns = self.shape
        centre = self.side // 2
        picked = self.on_canvas(x)[0, :, centre :: self.stride, centre :: self.stride][:, :rows, :columns]
        return picked.flatten(1).T

    def from_centres(self, values: Tensor) -> Tensor:
        """Values (patches, C) at the patches' centres in a picture (1, C, H, W) that is 0 elsewhere."""
        rows, columns = self.shape
        centre = self.side // 2
        canvas = values.new_zeros(*self.canvas, values.shape[1])
        canvas[centre :: self.stride, centre :: self.stride][:rows, :columns] = values.view(rows, columns, -1)
        return self.fold(canvas).permute(2, 0, 1)[None]

    def fold(self, canvas: Tensor) -> Tensor:
        """Sums on the canvas (h, w, C), folded onto the picture (H, W, C) if it tiles, else cropped to it."""
        top, left = self.margin, self.margin
        folded = canvas[top : top + self.height, left : left + self.width]
        if not self.seamless:
            return folded
        below, right = self.canvas[0] - self.height, self.canvas[1] - self.width
        rows = canvas.clone()
        rows[:below] += canvas[self.height :]
        folded = rows[: self.height, : self.width].clone()
        folded[:, :right] += rows[: self.height, self.width :]
        return folded
