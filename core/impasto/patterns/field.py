"""Coordinate fields: which pixel of a source each pixel of a picture shows, and alignment of their pieces.

Pixels are flat indices into pictures with a margin on all sides, so that windows never leave the array. A field covers
all or some pixels of a picture, and wraps around at its borders or ends there. A piece consists of all pixels with the
same shift. Pieces move into step on a finer level with patterns, such as weaves, that a coarser one does not resolve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import torch
from torch import Tensor

from .features import RADIUS_PX

ROUNDS = 4
STEPS = tuple(sorted(product((-1, 0, 1), repeat=2), key=lambda step: abs(step[0]) + abs(step[1])))
"""Steps (y, x) of a piece, in pixels, the shortest first."""


@dataclass(frozen=True)
class PixelGrid:
    """Pixels (h, w), P = (h + 4) (w + 4) with the margin. wraps: whether the grid is periodic (y, x)."""

    size: tuple[int, int]
    wraps: tuple[bool, bool]
    device: torch.device

    @property
    def stride(self) -> int:
        """Difference between the indices of a pixel and of the pixel below."""
        return self.size[1] + 2 * RADIUS_PX

    @cached_property
    def offsets(self) -> Tensor:
        """Differences (25,) between the indices of the pixels of a window and of its centre."""
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
        """(height, width) of the torus on which the pixels lie: the size of the grid."""
        return self.size

    def torus_position(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """(y, x) of indices on that torus."""
        return self.position(index)

    def lines(self, axis: int) -> Tensor:
        """Index of the row or column that each line shows, with the margin: around the torus, or the outermost one."""
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
        """Index (P,) of the pixel that each pixel shows: itself, except in the margin."""
        return self.index(self.lines(0)[:, None], self.lines(1)).flatten()

    @property
    def nearest_pixels(self) -> Tensor:
        """Index (P,) of the pixel that each pixel continues: the one that it shows."""
        return self.shown_pixels

    @cached_property
    def margin(self) -> Tensor:
        """Indices (M,) of the margin."""
        (height, width), reach = self.size, RADIUS_PX
        is_margin = torch.ones(height + 2 * reach, width + 2 * reach, dtype=torch.bool, device=self.device)
        is_margin[reach:-reach, reach:-reach] = False
        return is_margin.flatten().nonzero()[:, 0]

    def brought_inside(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Positions wrapped around the torus, or moved to the nearest ones inside."""
        inside = [
            position % length if wraps else position.clamp(0, length - 1)
            for position, length, wraps in zip((y, x), self.size, self.wraps, strict=True)
        ]
        return inside[0], inside[1]

    @property
    def rim(self) -> Tensor:
        """Indices of margin pixels that windows of the picture reach."""
        return self.margin

    def with_margin(self, pixels: Tensor) -> Tensor:
        """Pixels (P, ...) after an update, in place, of the margin, as far as windows reach."""
        pixels[self.rim] = pixels[self.shown_pixels[self.rim]]
        return pixels

    def is_inside(self) -> Tensor:
        """Whether pixels (P,) belong to the picture: all except the margin where it does not wrap."""
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
        """Indices (h w,) of all pixels except the margin, row by row."""
        rows, columns = (torch.arange(length, device=self.device) for length in self.size)
        return self.index(rows[:, None], columns).flatten()


@dataclass(frozen=True)
class SourceGrid:
    """A source on a level of its pyramid, where a pixel is `scale` pixels wide.

    source: (P,), index of the pixel to take for each pixel, -1 for none. vectors: (P, C), features as whole numbers.
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
        """Pixels to take at positions, wrapped around the torus or nearest inside; -1 for none."""
        return self.source[self.grid.index(*self.grid.brought_inside(y, x))]

    def near(self, places: Tensor, reach_px: int, generator: torch.Generator) -> Tensor:
        """Random places (n,), at most `reach_px` from places (n,) along each axis; -1 where nothing may be taken."""
        y, x = self.grid.position(places)
        moves = torch.randint(-reach_px, reach_px + 1, (2, len(y)), generator=generator).to(y.device)
        return self.at(y + moves[0], x + moves[1])

    def allowed_places(self, places: Tensor, pixels: Tensor) -> Tensor:
        """Places (n,), which may be in the margin, if pixels (n,) may show them; else -1."""
        return self.of_kind(self.source[places], pixels)

    def of_kind(self, places: Tensor, pixels: Tensor) -> Tensor:
        """Places (n,) if pixels (n,) may show them; else -1."""
        return places

    def anywhere(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """Random places (n,) for pixels (n,); -1 for none."""
        drawn = torch.rand(len(pixels), generator=generator, dtype=torch.double).to(pixels.device)
        return self.usable[(drawn * len(self.usable)).long()]


@dataclass
class Field:
    """Places (P,) in a source that the pixels of a grid show. pixels: (N,), pixels whose places are to be chosen."""

    grid: PixelGrid
    source: SourceGrid
    place: Tensor
    pixels: Tensor

    def positions(self) -> tuple[Tensor, Tensor]:
        """Positions (y, x), both (N,), that the pixels show in the source."""
        return self.source.grid.position(self.place[self.pixels])

    def show(self, pixels: Tensor, places: Tensor) -> None:
        """Show places (n,) at pixels (n,)."""
        self.place[pixels] = places
        self.grid.with_margin(self.place)

    def on_finer_level(self, grid: PixelGrid, source: SourceGrid, pixels: Tensor) -> Field:
        """The field on a level twice as large: the four pixels of a parent show the four pixels of its place, or -1."""
        y, x = grid.position(pixels)
        parents = self.grid.shown_pixels[self.grid.index(y // 2, x // 2)]
        from_y, from_x = self.source.grid.position(self.place[parents])
        field = Field(grid, source, grid.shown_pixels.clone(), pixels)
        field.show(pixels, source.at(2 * from_y + y % 2, 2 * from_x + x % 2))
        return field


@dataclass(frozen=True)
class Borders:
    """Pixels next to cuts, all (N,): the piece `own` would show `place`; the piece `other`, beyond, shows `beyond`.

    other: -1 for surroundings, which never move.
    """

    own: Tensor
    place: Tensor
    other: Tensor
    beyond: Tensor


def moves_of_pieces(
    field: Field,
    piece: Tensor,
    known: Tensor,
    generator: torch.Generator,
    other_costs: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Moves (2, pieces) of each piece to where its borders fit best. piece: (N,), piece of each pixel of the field.

    known: (P,), whether pixels of the source can be compared. other_costs: further costs (steps, pieces) of each step
    after moves (2, pieces). Only about half of the pieces move at a time, so that neighbours do not both move towards
    each other.
    """
    count = int(piece.max()) + 1
    borders = _borders(field, piece, known)
    steps = torch.tensor(STEPS, device=piece.device)
    moved = torch.zeros(2, count, dtype=torch.long, device=piece.device)
    for _ in range(ROUNDS):
        moving = (torch.rand(count, generator=generator) < 0.5).to(piece.device)
        costs = _border_costs(field, borders, moved, moving)
        if other_costs:
            costs += other_costs(moved)
        best = costs.argmin(0)  # stays where nothing is better, since that is the first step
        moved = torch.where(moving, moved + steps[best].T, moved)
    return moved


def _border_costs(field: Field, borders: Borders, moved: Tensor, moving: Tensor) -> Tensor:
    """Costs (steps, pieces) of each step of the pieces that are `moving`, after moves `moved` (2, pieces) of all.

    Costs of cuts (Kwatra et al. 2003, eq. 1, squared), but between windows.
    """
    vectors, stride = field.source.vectors, field.source.grid.stride
    last = len(vectors) - 1
    offsets = moved[0] * stride + moved[1]
    compared = moving[borders.own]
    own, other = borders.own[compared], borders.other[compared]
    there = torch.where(other < 0, 0, offsets[other.clamp(min=0)])
    beyond = vectors[(borders.beyond[compared] + there).clamp(0, last)]
    place = borders.place[compared] + offsets[own]
    costs = torch.zeros(len(STEPS), len(offsets), dtype=torch.double, device=moved.device)
    for cost, (down, right) in zip(costs, STEPS, strict=True):
        difference = vectors[(place + down * stride + right).clamp(0, last)] - beyond
        cost.index_add_(0, own, difference.square().sum(1).double())
    return costs


def _borders(field: Field, piece: Tensor, known: Tensor) -> Borders:
    """Both sides of cuts between pieces (N,), and between pieces and surroundings."""
    grid, pixels = field.grid, field.pixels
    of_pixel = torch.full_like(field.place, -1)
    of_pixel[pixels] = piece
    grid.with_margin(of_pixel)
    source_stride = field.source.grid.stride
    parts = []
    for step, there in ((grid.stride, source_stride), (-grid.stride, -source_stride), (1, 1), (-1, -1)):
        own, other = of_pixel[pixels], of_pixel[pixels + step]
        continued = field.place[pixels] + there
        cut = (own != other) & known[continued]
        beyond = field.place[pixels[cut] + step]
        parts.append((own[cut], continued[cut], other[cut], beyond))
        inner = other[cut] >= 0
        parts.append((own[cut][inner], continued[cut][inner] - there, other[cut][inner], beyond[inner] - there))
    return Borders(*(torch.cat(column) for column in zip(*parts, strict=True)))
