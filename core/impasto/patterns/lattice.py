"""The lattice of a regular pattern: wave vectors, origin and bond; and regions of the torus on which it lies.

Rows of bricks (courses, to masons) are the unit cells of a lattice with one wave vector; ceramic tiles are those of one
with two. In a bond, the cells of each row are shifted against those of the row before, by a nearly constant amount. A
region may extend across the edges of the torus, and continues on the opposite side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import torch
from torch import Tensor

SIZE_COST = 0.25
"""Weight of the deviation from the requested size, compared with that of periods, both relative, in `torus_size`."""
LEAST_FREQUENCY = 1e-4
"""Components of wave vectors below this, in cycles per pixel, count as 0: no picture holds a whole period."""

MOST_FREQUENCY = 0.25
"""Largest component of a wave vector, in cycles per pixel: a period has at least four pixels."""

Draw: TypeAlias = Callable[[int, tuple[int, int]], Tensor]
"""`draw(channels, counts)`: standard normal noise (B, channels, *counts) for the unit cells of a torus."""


@dataclass(frozen=True)
class Bond:
    """Mean shift of the cells of a row against those of the row before, in cells, and its standard deviation."""

    shift: float
    spread: float


@dataclass(frozen=True)
class Lattice:
    """Wave vectors (N, 2), N at most 2, in cycles per pixel along y and x; none for a pattern that is not regular.

    origin_px: (2,), or (B, 2) for a batch: a point (y, x) of phase 0, the centre of a cell; cells end at phase 0.5.
    bond: present if wave vector 0 belongs to rows, and 1 to the cells along each row.
    row_offsets: (B, rows), shift of each row in cells, once the rows lie on a torus.
    measured: wave vectors before they were fitted to a torus, which straightens those with hardly any tilt, and makes
    those of rows wider than the torus 0. The kind of the lattice is that of the measured ones.
    """

    wave_vectors: Tensor = field(default_factory=lambda: torch.zeros(0, 2))
    origin_px: Tensor = field(default_factory=lambda: torch.zeros(2))
    bond: Bond | None = None
    row_offsets: Tensor | None = None
    measured: Tensor | None = None

    @property
    def is_regular(self) -> bool:
        """Whether the pattern repeats at all."""
        return len(self.wave_vectors) > 0

    @property
    def has_rows(self) -> bool:
        """Whether the pattern consists of rows along y, x or both: each wave vector is parallel to an axis."""
        return self.is_regular and not bool(self._directions.bool().all(1).any())

    @property
    def has_cells(self) -> bool:
        """Whether rows along both axes divide the picture into rectangular unit cells."""
        return self.has_rows and len(self.wave_vectors) == 2

    @property
    def is_grid(self) -> bool:
        """Whether the joints of cells are straight along both axes, because no bond shifts rows."""
        return self.has_cells and self.bond is None

    @property
    def row_axis(self) -> int:
        """The axis along which the rows of the first wave vector follow each other: 0 for horizontal rows."""
        return int(self._directions[0, 0] == 0)

    @property
    def _directions(self) -> Tensor:
        """Wave vectors (N, 2) that determine the directions of rows."""
        return self.wave_vectors if self.measured is None else self.measured

    def frequency(self, axis: int) -> float:
        """Frequency of rows along y (0) or x (1), in cycles per pixel; 0 without rows along that axis."""
        return float(self.wave_vectors[:, axis].sum())

    def offset_px(self, axis: int) -> float:
        """Position of the pixel grid's corner relative to the origin, along an axis."""
        return -float(self.origin_px[axis])

    def relative_to(self, by_px: Tensor) -> Lattice:
        """The same lattice in coordinates of the part of a picture that begins at (y, x) `by_px` (2,)."""
        return replace(self, origin_px=self.origin_px - by_px)

    def of_pictures(self, rows: slice) -> Lattice:
        """This lattice, which has an origin for each picture of a batch, for some of the pictures."""
        offsets = None if self.row_offsets is None else self.row_offsets[rows]
        return replace(self, origin_px=self.origin_px[rows], row_offsets=offsets)

    def on_torus(self, full: tuple[int, int]) -> Lattice:
        """This lattice with whole periods on a torus of `full` (height, width) pixels, its origin at 0."""
        sides = torch.tensor(full, dtype=torch.float32)
        counts = (self.wave_vectors * sides).round()
        if self.bond is None:
            return Lattice(counts / sides, measured=self._directions)
        counts[1] = torch.where(self.wave_vectors[1] > 0, counts[1].clamp(min=1), 0)
        rows = int(counts[0].sum())
        shift = round(self.bond.shift * rows) / max(rows, 1)  # all rows together are shifted by whole cells
        return Lattice(counts / sides, bond=replace(self.bond, shift=shift), measured=self._directions)

    def fits(self, full: tuple[int, int]) -> bool:
        """Whether a torus of `full` (height, width) pixels holds a period of each wave vector, and they stay apart."""
        counts = self.on_torus(full).wave_vectors
        return not len(counts) or int(torch.linalg.matrix_rank(counts.double())) == len(counts)

    def with_row_offsets(self, full: tuple[int, int], draw: Draw) -> Lattice:
        """This lattice with an offset for each row of a torus of `full` pixels, with random deviations from `draw`."""
        if self.bond is None:
            return self
        rows = self.cells_by_vector(full)[0]
        deviations = draw(1, (rows, 1))[:, 0, :, 0].cpu().float()
        return replace(self, row_offsets=self.bond.shift * torch.arange(rows) + self.bond.spread * deviations)

    def cells(self, full: tuple[int, int]) -> tuple[int, int]:
        """Number of unit cells along y and x of a torus of `full` pixels, at least 1 each."""
        rows, columns = (max(round(self.frequency(axis) * full[axis]), 1) for axis in (0, 1))
        return rows, columns

    def cells_by_vector(self, full: tuple[int, int]) -> tuple[int, int]:
        """`cells` in the order of the wave vectors: number of rows, and number of cells in each row."""
        rows, columns = self.cells(full)
        return (columns, rows) if self.row_axis else (rows, columns)

    def torus_size(self, near: tuple[int, int], most: int, multiple: int, least: int = 1) -> tuple[int, int]:
        """Size (height, width) of the torus that stretches periods least.

        Its sides are multiples of `multiple` near `near`, from `least` to `most`.
        """
        sides = []
        for axis in (0, 1):
            choices = range(max(multiple, least, near[axis] // 2), min(most, 3 * near[axis] // 2) + 1)
            costs = {
                side: self._stretch(axis, side) + SIZE_COST * abs(side / near[axis] - 1)
                for side in choices
                if side % multiple == 0
            }
            sides.append(min(costs, key=costs.__getitem__))
        return sides[0], sides[1]

    def _stretch(self, axis: int, side: int) -> float:
        """Relative change of the periods along an axis so that a whole number of them fits `side` pixels."""
        tight = self.wave_vectors[:1] if self.bond else self.wave_vectors  # a board may be longer or shorter
        counts = [abs(float(k[axis])) * side for k in tight if abs(float(k[axis])) > LEAST_FREQUENCY]
        return max((abs(count - round(count)) / max(count, 1.0) for count in counts), default=0.0)

    def cycles(self, region: TorusRegion, pixel: float) -> Tensor:
        """Phases K · (x - origin) (B, N, h, w), in cycles, of a region whose pixels are `pixel` wide."""
        y, x = region.rows() % region.full[0] * pixel, region.columns() % region.full[1] * pixel
        vectors = self.wave_vectors
        along = vectors[:, 0, None, None] * y[:, None] + vectors[:, 1, None, None] * x  # (N, h, w)
        at_origin = self.origin_px.reshape(-1, 2) @ vectors.T  # (B, N)
        cycles = along[None] - at_origin[..., None, None]
        if self.row_offsets is not None:
            rows = cell_at(cycles[:, 0]) % self.row_offsets.shape[1]
            offsets = self.row_offsets.expand(len(rows), -1)
            cycles[:, 1] += offsets.gather(1, rows.flatten(1)).view_as(rows)
        return cycles

    def cell_indices(self, axis: int, region: TorusRegion, pixel: int) -> Tensor:
        """Index (n,) of the cell with each row (axis 0) or column (axis 1) of pixels of a region."""
        line = replace(region, width=1) if axis == 0 else replace(region, height=1)
        return cell_at(self.cycles(line, pixel)[0, int(axis != self.row_axis)]).flatten()

    def periods(self, height_px: float, width_px: float) -> float:
        """Number of periods of one wave vector, or of cells of two, in a picture of this size."""
        if len(self.wave_vectors) == 2:
            return float(torch.linalg.det(self.wave_vectors).abs() * height_px * width_px)
        return float((self.wave_vectors.abs() @ self.wave_vectors.new_tensor([height_px, width_px])).sum())


def cell_at(cycles: Tensor) -> Tensor:
    """Index of the unit cell at a phase, in cycles; cells end at phase 0.5."""
    return (cycles + 0.5).floor().long()


@dataclass(frozen=True)
class TorusRegion:
    """height x width pixels from (top, left) of a torus of `full` (height, width) pixels; may exceed the torus."""

    top: int
    left: int
    height: int
    width: int
    full: tuple[int, int]

    def with_margin(self, margin: int) -> TorusRegion:
        """This region with `margin` more pixels on each side (fewer if negative)."""
        return replace(
            self,
            top=self.top - margin,
            left=self.left - margin,
            height=self.height + 2 * margin,
            width=self.width + 2 * margin,
        )

    def within_torus(self) -> TorusRegion:
        """This region, in which a side longer than the torus is replaced by that of the whole torus."""
        clipped = self
        if self.height >= self.full[0]:
            clipped = replace(clipped, top=0, height=self.full[0])
        if self.width >= self.full[1]:
            clipped = replace(clipped, left=0, width=self.full[1])
        return clipped

    def at_half_size(self) -> TorusRegion:
        """The same region of a torus half as large."""
        full = (self.full[0] // 2, self.full[1] // 2)
        return TorusRegion(self.top // 2, self.left // 2, self.height // 2, self.width // 2, full)

    def on_grid(self, multiple: int) -> TorusRegion:
        """The smallest region that contains this one and has edges at multiples of `multiple` pixels."""
        top, left = self.top // multiple * multiple, self.left // multiple * multiple
        bottom, right = (-(-end // multiple) * multiple for end in (self.top + self.height, self.left + self.width))
        return TorusRegion(top, left, bottom - top, right - left, self.full)

    def bands(self, area: int) -> list[TorusRegion]:
        """This region in bands of whole rows, of at most about `area` pixels each."""
        count = -(-self.height * self.width // area)
        height = -(-self.height // count)
        tops = range(0, self.height, height)
        return [replace(self, top=self.top + top, height=min(height, self.height - top)) for top in tops]

    def take(self, x: Tensor, part: TorusRegion) -> Tensor:
        """Values of a part, from the values x (B, C, h, w) of this region; sides as long as the torus wrap around."""
        x = _take(x, 2, self.top, self.height, part.top, part.height, self.full[0])
        return _take(x, 3, self.left, self.width, part.left, part.width, self.full[1])

    def rows(self) -> Tensor:
        """y of each row's centre, in pixels of the torus."""
        return torch.arange(self.top, self.top + self.height) + 0.5

    def columns(self) -> Tensor:
        """x of each column's centre, in pixels of the torus."""
        return torch.arange(self.left, self.left + self.width) + 0.5


def full_region(full: tuple[int, int]) -> TorusRegion:
    """The whole torus of `full` (height, width) pixels."""
    return TorusRegion(0, 0, *full, full)


def picture_region(x: Tensor) -> TorusRegion:
    """The whole of a picture x (..., H, W)."""
    return full_region((x.shape[-2], x.shape[-1]))


def _take(x: Tensor, axis: int, start: int, length: int, want: int, count: int, full: int) -> Tensor:
    if length < full or (want >= start and want + count <= start + length):
        offset = want - start
        if offset < 0 or offset + count > length:
            raise IndexError(f"{count} from {want} are not within {length} from {start}")
        return x.narrow(axis, offset, count)
    runs = []
    while count > 0:
        offset = (want - start) % full
        run = min(count, full - offset)
        runs.append(x.narrow(axis, offset, run))
        want, count = want + run, count - run
    return torch.cat(runs, axis)
