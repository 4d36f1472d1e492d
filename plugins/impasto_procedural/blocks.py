"""Walls and floors of rectangular blocks: bonds of bricks, tiles and boards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from .canvas import Canvas


@dataclass(frozen=True)
class Blocks:
    """The block of each texel, (H, W): its number, the offset from its centre, and half its size, in metres.

    is_upright: where the longer side is vertical; other blocks are horizontal.
    """

    number: Tensor
    y_m: Tensor
    x_m: Tensor
    half_height_m: Tensor
    half_width_m: Tensor
    is_upright: Tensor

    def inside_m(self, gap_m: float = 0.0, radius_m: Tensor | float = 0.0) -> Tensor:
        """Distance to the border of a block's face, positive inside. Faces are `gap_m` apart and have round corners.

        This is the distance to a rectangle with rounded corners (Quilez, "2D distance functions").
        """
        y = self.y_m.abs() - (self.half_height_m - gap_m / 2) + radius_m
        x = self.x_m.abs() - (self.half_width_m - gap_m / 2) + radius_m
        outside = (y.clamp_min(0).square() + x.clamp_min(0).square()).sqrt()
        return radius_m - outside - y.maximum(x).clamp_max(0)

    def along_m(self) -> Tensor:
        """Offset from the centre along the longer side."""
        return self.y_m.where(self.is_upright, self.x_m)

    def across_m(self) -> Tensor:
        """Offset from the centre across the longer side."""
        return self.x_m.where(self.is_upright, self.y_m)


def blocks(
    canvas: Canvas, bond: str, length_m: float, height_m: float, *, warp: tuple[Tensor, Tensor] | None = None
) -> Blocks:
    """Blocks of about this size in a bond with whole periods. warp: shift of texels in metres (H, W), y and x."""
    y_m, x_m = canvas.y_m + 0.25 * height_m, canvas.x_m + 0.25 * length_m  # so that no joint lies on the tile's border
    if warp is not None:
        y_m, x_m = y_m + warp[0], x_m + warp[1]
    y_m, x_m = y_m.expand(canvas.size_px), x_m.expand(canvas.size_px)
    return PATTERNS[bond](canvas, y_m, x_m, length_m, height_m)


def is_odd(canvas: Canvas, number: Tensor, length_m: float) -> Tensor:
    """Mask of the blocks of the bond "chessboard" with the second colour, by their numbers."""
    columns = canvas.count(length_m, multiple_of=2)
    return (number // columns + number % columns) % 2 == 1


def uneven_blocks(
    canvas: Canvas,
    name: str,
    length_m: float,
    height_m: float,
    *,
    uneven: float = 0.6,
    split: float = 0.0,
    warp: tuple[Tensor, Tensor],
) -> Blocks:
    """Blocks of uneven lengths, in rows of uneven heights. split: share of blocks cut into two thin ones.

    uneven: how far joints move, from 0 to just below 1. warp: shift of texels in metres (H, W), y and x.
    """
    rows, columns = canvas.count(height_m, horizontal=False), canvas.count(length_m)
    high, wide = canvas.height_m / rows, canvas.width_m / columns
    moved = uneven * (canvas.uniform(f"{name} rows", rows) - 0.5)
    v = (canvas.y_m + warp[0]) / high + 0.25
    row, v, half_v = places_between(v, lambda row: moved[row.long() % rows])
    shifts = canvas.uniform(f"{name} shifts", rows)[row.long() % rows]
    moved_x = uneven * (canvas.uniform(f"{name} columns", rows, columns) - 0.5)
    u = (canvas.x_m + warp[1]) / wide + shifts
    column, u, half_u = places_between(u, lambda column: moved_x[row.long() % rows, column.long() % columns])
    number = row.long() % rows * columns + column.long() % columns
    cut = (0.8 * canvas.of_each(f"{name} cut", number) - 0.4) * half_v
    is_split = canvas.of_each(f"{name} split", number) < split
    is_lower = (v > cut).logical_and_(is_split)
    top, bottom = (-half_v).where(~is_lower, cut), half_v.where(is_lower | ~is_split, cut)
    half = 0.5 * (bottom - top)
    return Blocks(
        2 * number + is_lower, (v - 0.5 * (top + bottom)) * high, u * wide, half * high, half_u * wide, half < 0
    )


def places_between(place: Tensor, moved: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """For places between joints at i + moved(i): the number i, the offset from the middle, and half the distance."""
    index = place.floor()
    is_after, is_before = place >= index + 1 + moved(index + 1), place < index + moved(index)
    index = index + is_after.to(place.dtype) - is_before.to(place.dtype)
    low, high = index + moved(index), index + 1 + moved(index + 1)
    return index, place - 0.5 * (low + high), 0.5 * (high - low)


def _rows(
    canvas: Canvas, y_m: Tensor, x_m: Tensor, length_m: float, height_m: float, shifts: tuple[float, ...]
) -> Blocks:
    """Rows of equal blocks, each row shifted by a fraction of their length."""
    rows = canvas.count(height_m, horizontal=False, multiple_of=len(shifts))
    return _shifted_rows(canvas, y_m, x_m, rows, canvas.count(length_m), y_m.new_tensor(shifts))


def _shifted_rows(canvas: Canvas, y_m: Tensor, x_m: Tensor, rows: int, columns: int, shifts: Tensor) -> Blocks:
    """Rows of equal blocks, shifted by fractions (n,) of their length in turn."""
    high, wide = canvas.height_m / rows, canvas.width_m / columns
    v, u = y_m / high, x_m / wide
    row = v.floor()
    shift = shifts[row.long() % rows % len(shifts)]
    u = u - shift
    column = u.floor()
    number = row.long() % rows * columns + column.long() % columns
    half = v.new_full(v.shape, 0.5)
    return Blocks(number, (v - row - 0.5) * high, (u - column - 0.5) * wide, half * high, half * wide, half < 0)


def _chessboard(canvas: Canvas, y_m: Tensor, x_m: Tensor, length_m: float, height_m: float) -> Blocks:
    """A stack bond with even numbers of rows and columns, so that colours also alternate across the tile's borders."""
    rows, columns = canvas.count(height_m, horizontal=False, multiple_of=2), canvas.count(length_m, multiple_of=2)
    return _shifted_rows(canvas, y_m, x_m, rows, columns, y_m.new_zeros(1))


def _stagger(canvas: Canvas, y_m: Tensor, x_m: Tensor, length_m: float, height_m: float) -> Blocks:
    """Rows shifted by about the golden section, so that joints of neighbouring rows lie far apart, as in floors."""
    rows = canvas.count(height_m, horizontal=False)
    steps = 0.28 + 0.2 * canvas.uniform("stagger", rows)
    steps = steps * (steps.sum().round().clamp_min(1) / steps.sum())  # the last row is next to the first
    return _shifted_rows(canvas, y_m, x_m, rows, canvas.count(length_m), steps.cumsum(0).remainder(1))


def _english(canvas: Canvas, y_m: Tensor, x_m: Tensor, length_m: float, height_m: float) -> Blocks:
    """Alternate rows of stretchers, and of headers, which show the short side."""
    rows = canvas.count(height_m, horizontal=False, multiple_of=2)
    columns = canvas.count(length_m)
    high, wide = canvas.height_m / rows, canvas.width_m / columns
    v = y_m / high
    row = v.floor()
    is_header = row.remainder(2) > 0.5
    length = v.new_full(v.shape, wide).where(~is_header, v.new_full((), wide / 2))
    u = x_m / length - 0.5 * is_header
    column = u.floor()
    per_row = columns * 2
    count = v.new_full(v.shape, columns).where(~is_header, v.new_full((), per_row))
    number = row.long() % rows * per_row + column.remainder(count).long()
    half = v.new_full(v.shape, high / 2)
    return Blocks(number, (v - row - 0.5) * high, (u - column - 0.5) * length, half, length / 2, half < 0)


def _flemish(canvas: Canvas, y_m: Tensor, x_m: Tensor, length_m: float, height_m: float) -> Blocks:
    """Alternate stretchers and headers in each row; each header is above the middle of a stretcher."""
    rows = canvas.count(height_m, horizontal=False, multiple_of=2)
    pairs = canvas.count(1.5 * length_m)
    high, wide = canvas.height_m / rows, canvas.width_m / pairs
    v = y_m / high
    row = v.floor()
    u = x_m / wide + 0.5 * row.remainder(2)
    pair = u.floor()
    place = u - pair  # the stretcher has two thirds of it
    is_header = place > 2 / 3
    length = v.new_full(v.shape, 2 / 3 * wide).where(~is_header, v.new_full((), wide / 3))
    middle = v.new_full(v.shape, 1 / 3).where(~is_header, v.new_full((), 5 / 6))
    number = (row.long() % rows * pairs + pair.long() % pairs) * 2 + is_header.long()
    half = v.new_full(v.shape, high / 2)
    return Blocks(number, (v - row - 0.5) * high, (place - middle) * wide, half, length / 2, half < 0)


def _squares(
    canvas: Canvas, y_m: Tensor, x_m: Tensor, length_m: float, height_m: float
) -> tuple[int, tuple[int, int], Tensor, Tensor, tuple[float, float]]:
    """A lattice of squares as wide as blocks are high: squares in a block, rows, columns, v, u, and the side."""
    long = max(2, round(length_m / height_m))
    rows = canvas.count(height_m, horizontal=False, multiple_of=2 * long)
    columns = canvas.count(height_m, multiple_of=2 * long)
    high, wide = canvas.height_m / rows, canvas.width_m / columns
    return long, (rows, columns), y_m / high, x_m / wide, (high, wide)


def _herringbone(canvas: Canvas, y_m: Tensor, x_m: Tensor, length_m: float, height_m: float) -> Blocks:
    """Blocks of whole squares, whose direction changes along each diagonal."""
    long, counts, v, u, size_m = _squares(canvas, y_m, x_m, length_m, height_m)
    row, column = v.floor(), u.floor()
    turn = (column - row).remainder(2 * long)  # below `long`: from the left of a block; above: from its lower end
    is_upright = turn > long - 0.5
    first_row = row - (2 * long - 1 - turn).where(is_upright, v.new_zeros(()))
    first_column = column - turn.where(~is_upright, v.new_zeros(()))
    return _of_squares(first_row, first_column, v, u, is_upright, long, counts, size_m)


def _basketweave(canvas: Canvas, y_m: Tensor, x_m: Tensor, length_m: float, height_m: float) -> Blocks:
    """Groups of blocks that form squares, horizontal and upright alternately."""
    long, counts, v, u, size_m = _squares(canvas, y_m, x_m, length_m, height_m)
    row, column = v.floor(), u.floor()
    square_row, square_column = (row / long).floor(), (column / long).floor()
    is_upright = (square_row + square_column).remainder(2) > 0.5
    first_row = (square_row * long).where(is_upright, row)
    first_column = column.where(is_upright, square_column * long)
    return _of_squares(first_row, first_column, v, u, is_upright, long, counts, size_m)


def _of_squares(
    row: Tensor,
    column: Tensor,
    v: Tensor,
    u: Tensor,
    is_upright: Tensor,
    long: int,
    counts: tuple[int, int],
    size_m: tuple[float, float],
) -> Blocks:
    """Blocks of `long` squares, of which `row` and `column` are the first."""
    upright = is_upright.to(v.dtype)
    half_height, half_width = 0.5 + 0.5 * (long - 1) * upright, 0.5 * long - 0.5 * (long - 1) * upright
    number = row.long() % counts[0] * counts[1] + column.long() % counts[1]
    return Blocks(
        number,
        (v - row - half_height) * size_m[0],
        (u - column - half_width) * size_m[1],
        half_height * size_m[0],
        half_width * size_m[1],
        is_upright,
    )


PATTERNS: dict[str, Callable[[Canvas, Tensor, Tensor, float, float], Blocks]] = {
    "running": partial(_rows, shifts=(0.0, 0.5)),
    "third": partial(_rows, shifts=(0.0, 1 / 3, 2 / 3)),
    "stack": partial(_rows, shifts=(0.0,)),
    "chessboard": _chessboard,
    "staggered": _stagger,
    "english": _english,
    "flemish": _flemish,
    "herringbone": _herringbone,
    "basketweave": _basketweave,
}
