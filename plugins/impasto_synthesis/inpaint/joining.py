"""Copying each map's pixels into holes, and joining them with their surroundings, window by window."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from scipy.ndimage import find_objects, label
from torch import Tensor

from impasto.patches.field import Field, PixelGrid
from impasto.patches.seams import LARGEST_GAP
from impasto.texture import NORMAL_MAPS

from .membrane import membrane

SHAPES_REACH_PX = 6.0
CELLS, LEAST_CELL_PX = 48, 4
"""Number of cells along the longer side, and their least side: holes in neighbouring cells share a window."""


def join_map(name: str, pixels: np.ndarray, field: Field, blend: float) -> None:
    """Fill the holes of a map's pixels (H, W, C), in place, by the field of the finest level."""
    grid = field.grid
    image = torch.from_numpy(pixels).to(grid.device)
    known = image.clone() if blend else image
    y, x = grid.position(field.pixels)
    from_y, from_x = field.positions()
    image[y, x] = image[from_y, from_x]
    if blend:
        hole = torch.zeros(grid.size, dtype=torch.bool, device=grid.device)
        hole[y, x] = True
        for rows, columns, wraps in windows_of(hole, grid.wraps):
            _join(image, known, hole, field.place, grid, (rows, columns), wraps, blend)
    if name in NORMAL_MAPS:
        vectors = image[y, x] * 2 - 1
        image[y, x] = vectors / vectors.norm(dim=1, keepdim=True).clamp(min=1e-6) * 0.5 + 0.5
    pixels[:] = image.cpu().numpy()


def _join(
    image: Tensor,
    known: Tensor,
    hole: Tensor,
    origin: Tensor,
    grid: PixelGrid,
    window: tuple[Tensor, Tensor],
    wraps: tuple[bool, bool],
    blend: float,
) -> None:
    """Shift what fills the holes of a window, whose rows and columns are given, so that no step is left."""
    part = window[0][:, None], window[1]
    inside = hole[part]
    index = origin[grid.index(*part)]  # (h, w)
    copied = image[part]  # (h, w, C)
    shift = torch.zeros_like(copied).permute(2, 0, 1)
    for is_light, reach_px in ((True, math.inf), (False, SHAPES_REACH_PX)):
        divergence = torch.zeros_like(copied)
        for axis, is_periodic in zip((0, 1), wraps, strict=True):
            gaps = _gaps(known, copied, inside, index, grid, axis)
            light = gaps / (1 + (gaps / LARGEST_GAP).square())
            gaps = light if is_light else gaps - light
            if not is_periodic:
                gaps.narrow(axis, gaps.shape[axis] - 1, 1).zero_()
            divergence -= gaps
            divergence += gaps.roll(1, axis)
        shift += membrane(inside, divergence.permute(2, 0, 1), wraps, reach_px)
    image[part] = torch.where(inside[..., None], (copied + blend * shift.permute(1, 2, 0)).clamp(0, 1), copied)


def _gaps(known: Tensor, copied: Tensor, inside: Tensor, index: Tensor, grid: PixelGrid, axis: int) -> Tensor:
    """Wanted minus copied steps (h, w, C) to the next pixel along an axis: 0 but at cuts.

    The wanted step is the mean of what the pieces on both sides have there, or that of the piece in the hole.
    """
    step = (grid.stride, 1)[axis]
    after, inside_after = index.roll(-1, axis), inside.roll(-1, axis)
    cut = ((after != index + step) & (inside | inside_after)).nonzero(as_tuple=True)
    here, there = index[cut], after[cut]
    own = _step(known, grid, here, step)
    other = -_step(known, grid, there, -step)
    share = torch.where(inside[cut] & inside_after[cut], 0.5, inside[cut].to(copied.dtype))[:, None]
    gap = torch.lerp(other, own, share) - (copied.roll(-1, axis)[cut] - copied[cut])
    gaps = torch.zeros_like(copied)
    gaps[cut] = gap
    return gaps


def _step(known: Tensor, grid: PixelGrid, place: Tensor, step: int) -> Tensor:
    """Differences (n, C) of the picture from places to the next pixel; 0 at its borders."""
    next_one = grid.brought_inside(*grid.position(place + step))
    return known[next_one] - known[grid.position(place)]


def windows_of(mask: Tensor, wraps: tuple[bool, bool]) -> Iterator[tuple[Tensor, Tensor, tuple[bool, bool]]]:
    """Rows and columns of windows that hold the holes (H, W) and a pixel around them; whether they go all round.

    Holes that lie close share a window. Where the picture wraps around, a window may cross its border.
    """
    starts = [_free_line(mask, axis) if wraps[axis] else 0 for axis in (0, 1)]
    rolled = mask.roll([-(start or 0) for start in starts], (0, 1))
    goes_round = [wraps[axis] and starts[axis] is None for axis in (0, 1)]
    for box in _boxes(rolled.cpu().numpy(), goes_round):
        lines = [
            (torch.arange(first, last, device=mask.device) + (start or 0)) % length
            for (first, last), start, length in zip(box, starts, mask.shape, strict=True)
        ]
        yield lines[0], lines[1], (goes_round[0], goes_round[1])


def _free_line(mask: Tensor, axis: int) -> int | None:
    """A row or column without holes; None if there is none."""
    free = (~mask.any(1 - axis)).nonzero()[:, 0]
    return int(free[0]) if len(free) else None


def _boxes(mask: np.ndarray, goes_round: list[bool]) -> Iterator[list[tuple[int, int]]]:
    """Boxes ((top, bottom), (left, right)) of groups of holes, a pixel wider; the whole length where it goes round."""
    cell = max(LEAST_CELL_PX, -(-max(mask.shape) // CELLS))
    rows, columns = (-(-length // cell) for length in mask.shape)
    padded = np.zeros((rows * cell, columns * cell), bool)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    cells = np.asarray(padded.reshape(rows, cell, columns, cell).any((1, 3)))
    groups, _ = label(cells, np.ones((3, 3)))
    for box in find_objects(groups):
        yield [
            (0, length) if is_whole else (max(0, lines.start * cell - 1), min(length, lines.stop * cell + 1))
            for lines, length, is_whole in zip(box, mask.shape, goes_round, strict=True)
        ]
