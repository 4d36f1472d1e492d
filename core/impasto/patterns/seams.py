"""Joining of pieces in the gradient domain, so that cuts show no step and nothing is blurred (Pérez et al. 2003).

On a torus, one FFT solves the screened Poisson equation exactly (Bhat et al. 2008). In holes, a membrane that absorbs
steps at borders and cuts is added, window by window; a multigrid method solves it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.ndimage import find_objects, label
from torch import Tensor
from torch.fft import irfft2, rfft2
from torch.nn.functional import avg_pool2d, interpolate

from ..texture import NORMAL_MAPS
from .field import Field, PixelGrid

FADES = 4.0
"""Number of reaches after which the correction of a step has faded (e^-4)."""
LARGEST_GAP = 0.12
"""Step above which it is a shape that ends at a cut, not light or colour: it is spread over a short distance only."""
SHAPES_REACH_PX = 6.0
CELLS, LEAST_CELL_PX = 48, 4
"""Number of cells along the longer side, and least side of a cell; holes in neighbouring cells share a window."""
SWEEPS, CYCLES = 2, 4
"""Sweeps of Jacobi's method before and after each coarser level, and V-cycles, of the multigrid solver."""
OMEGA = 0.8
"""Damping with which Jacobi's method removes fine errors fastest."""
COARSEST_PX = 4
COARSEST_SWEEPS = 16


def join(image: Tensor, origin: Tensor, light_px: float, shapes_px: float, open_axis: int | None = None) -> Tensor:
    """Pixels (C, H, W) of the torus, copied from `image` (C, h, w) at indices `origin` (H, W), without steps at cuts.

    Minimises |grad u - g|^2 + |u - copied|^2 / reach^2, where g is the mean of the gradients of both pieces. Small
    steps, of light and colour, have the reach `light_px`, the excess of larger ones `shapes_px`. open_axis: axis along
    which borders do not meet, if any; the equation is then solved on a longer torus.
    """
    size = list(origin.shape)
    if open_axis is not None:
        size[open_axis] += min(size[open_axis], math.ceil(FADES * max(light_px, shapes_px)))
    height, width = size
    frequencies = (
        2 * math.pi * torch.fft.fftfreq(height, device=image.device)[:, None],
        2 * math.pi * torch.fft.rfftfreq(width, device=image.device)[None],
    )
    laplacian = sum(2 * torch.cos(frequency) - 2 for frequency in frequencies)
    grid = PixelGrid((image.shape[1], image.shape[2]), (False, False), image.device)
    place = grid.index(torch.div(origin, image.shape[2], rounding_mode="floor"), origin % image.shape[2])
    inside, wraps, joined = torch.ones_like(origin, dtype=torch.bool), (open_axis != 0, open_axis != 1), []
    for channel in image:  # one at a time: all channels of a large map set would not fit into memory
        copied = channel.flatten()[origin]
        light, shapes = _divergences(channel[..., None], copied[..., None], place, grid, inside, wraps)[..., 0]
        spectrum = rfft2(light, size) / (1 / light_px**2 - laplacian)
        spectrum += rfft2(shapes, size) / (1 / shapes_px**2 - laplacian)
        joined.append(copied + irfft2(spectrum, s=size)[: origin.shape[0], : origin.shape[1]])
    return torch.stack(joined)


def join_map(name: str, known: Tensor, field: Field, blend: float) -> Tensor:
    """Pixels (H, W, C) of a map with holes filled by the field of the finest level."""
    grid = field.grid
    image = known.clone()
    y, x = grid.position(field.pixels)
    from_y, from_x = field.positions()
    image[y, x] = known[from_y, from_x]
    if blend:
        hole = torch.zeros(grid.size, dtype=torch.bool, device=grid.device)
        hole[y, x] = True
        for rows, columns, wraps in windows_of(hole, grid.wraps):
            part = rows[:, None], columns
            inside, copied, place = hole[part], image[part], field.place[grid.index(*part)]
            light, shapes = _divergences(known, copied, place, grid, inside, wraps).permute(0, 3, 1, 2)
            shift = membrane(inside, light, wraps) + membrane(inside, shapes, wraps, SHAPES_REACH_PX)
            shifted = (copied + blend * shift.permute(1, 2, 0)).clamp(0, 1)
            image[part] = torch.where(inside[..., None], shifted, copied)
    if name in NORMAL_MAPS:
        vectors = image[y, x] * 2 - 1
        image[y, x] = vectors / vectors.norm(dim=1, keepdim=True).clamp(min=1e-6) * 0.5 + 0.5
    return image


def _divergences(
    known: Tensor, copied: Tensor, place: Tensor, grid: PixelGrid, inside: Tensor, wraps: tuple[bool, bool]
) -> Tensor:
    """Divergences (2, h, w, C) of copied minus target gradients, of light and of shapes; 0 except at cuts.

    known: the source on a grid. copied: (h, w, C), pixels of it at `place` (h, w). The target gradient is the mean of
    those of the pieces on both sides, or that of the piece `inside` (h, w). wraps: whether borders meet.
    """
    divergences = copied.new_zeros(2, *copied.shape)
    for axis, (step, is_periodic) in enumerate(zip((grid.stride, 1), wraps, strict=True)):
        after = place.roll(-1, axis)
        is_cut = (after != place + step) & (inside | inside.roll(-1, axis))
        if not is_periodic:
            is_cut.select(axis, -1).fill_(False)
        cut = is_cut.nonzero(as_tuple=True)
        beyond = tuple(
            (line + (axis == one)) % length for one, (line, length) in enumerate(zip(cut, place.shape, strict=True))
        )
        own, other = _step(known, grid, place[cut], step), -_step(known, grid, after[cut], -step)
        share = 0.5 + 0.5 * (inside[cut].to(own) - inside[beyond].to(own))[:, None]
        gap = torch.lerp(other, own, share) - (copied[beyond] - copied[cut])
        light = gap / (1 + (gap / LARGEST_GAP).square())
        for divergence, part in zip(divergences, (light, gap - light), strict=True):
            divergence[cut] -= part
            divergence[beyond] += part
    return divergences


def _step(known: Tensor, grid: PixelGrid, place: Tensor, step: int) -> Tensor:
    """Differences (n, C) of the picture from places to the next pixel; 0 at its borders."""
    next_one = grid.brought_inside(*grid.position(place + step))
    return known[next_one] - known[grid.position(place)]


def membrane(inside: Tensor, divergence: Tensor, wraps: tuple[bool, bool], reach_px: float = math.inf) -> Tensor:
    """u (C, h, w) with u / reach_px² - laplacian(u) = divergence (C, h, w) where `inside` (h, w), and 0 elsewhere.

    reach_px: distance over which steps are absorbed. wraps: whether the window is periodic (y, x); at other borders of
    the window, the normal derivative is 0.
    """
    masks = [inside.to(divergence.dtype)[None, None]]
    while min(masks[-1].shape[2:]) > COARSEST_PX:
        masks.append((avg_pool2d(masks[-1], 2, ceil_mode=True) > 0.99).to(divergence.dtype))
    u = torch.zeros_like(divergence)[None]
    for _ in range(CYCLES):
        u = _cycle(u, divergence[None], masks, _Operator(wraps, 1 / reach_px**2))
    return u[0]


@dataclass(frozen=True)
class _Operator:
    """The operator screen - laplacian on a window."""

    wraps: tuple[bool, bool]
    screen: float

    def coarser(self) -> _Operator:
        """The operator on pixels of twice the width."""
        return replace(self, screen=4 * self.screen)

    def diagonal(self, u: Tensor) -> Tensor:
        """The diagonal (1, 1, h, w): number of existing neighbours, plus the screen."""
        return _neighbours(torch.ones_like(u[:1, :1]), self.wraps).clamp(min=1) + self.screen

    def __call__(self, u: Tensor) -> Tensor:
        return self.diagonal(u) * u - _neighbours(u, self.wraps)

    def relax(self, u: Tensor, b: Tensor, mask: Tensor, sweeps: int) -> Tensor:
        """u after some sweeps of the damped Jacobi method."""
        diagonal = self.diagonal(u)
        for _ in range(sweeps):
            u = torch.lerp(u, (b + _neighbours(u, self.wraps)) / diagonal, OMEGA) * mask
        return u


def _cycle(u: Tensor, b: Tensor, masks: list[Tensor], operator: _Operator) -> Tensor:
    """u after a V-cycle for operator(u) = b. masks: of all levels, finest first."""
    mask = masks[0]
    if len(masks) == 1:
        return operator.relax(u, b, mask, COARSEST_SWEEPS)
    u = operator.relax(u, b, mask, SWEEPS)
    residual = (b - operator(u)) * mask
    coarse = 4 * avg_pool2d(residual, 2, ceil_mode=True) * masks[1]
    error = _cycle(torch.zeros_like(coarse), coarse, masks[1:], operator.coarser())
    error = interpolate(error, size=u.shape[2:], mode="bilinear", align_corners=False) * mask
    energy = (error * operator(error)).sum((0, 2, 3), keepdim=True)
    step = (error * residual).sum((0, 2, 3), keepdim=True) / energy.clamp(
        min=1e-12
    )  # the best step, which cannot diverge
    return operator.relax(u + step * error, b, mask, SWEEPS)


def _neighbours(u: Tensor, wraps: tuple[bool, bool]) -> Tensor:
    """Sums of the existing ones among four neighbours."""
    total = torch.zeros_like(u)
    for axis, is_periodic in zip((2, 3), wraps, strict=True):
        length = u.shape[axis]
        if is_periodic:
            total += u.roll(1, axis) + u.roll(-1, axis)
        elif length > 1:
            total.narrow(axis, 1, length - 1).add_(u.narrow(axis, 0, length - 1))
            total.narrow(axis, 0, length - 1).add_(u.narrow(axis, 1, length - 1))
    return total


def windows_of(mask: Tensor, wraps: tuple[bool, bool]) -> Iterator[tuple[Tensor, Tensor, tuple[bool, bool]]]:
    """Rows and columns of windows that contain holes (H, W) and a pixel around them, and whether each is periodic.

    Nearby holes share a window. Where the picture wraps around, a window may cross its border.
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
    """Boxes ((top, bottom), (left, right)) around groups of holes, a pixel wider; the whole length if periodic."""
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
