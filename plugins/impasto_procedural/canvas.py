"""The canvas that procedural materials are drawn on: texels of a torus in metres, and noises that wrap around.

Random numbers belong to lattices, not to texels, so that a seed gives the same surface at every resolution.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from impasto.surface.color import srgb_to_linear

SPLINE_DEVIATION = 151 / 315
"""Standard deviation of standard normal noise after interpolation by cubic B-splines along both axes."""


@dataclass(frozen=True)
class Cells:
    """The Voronoi cell of each texel, (H, W): its number, and distances in metres.

    number: from 0. from_center_m: to the cell's point; y_m and x_m: offset from the point. to_border_m: to the border.
    """

    number: Tensor
    from_center_m: Tensor
    y_m: Tensor
    x_m: Tensor
    to_border_m: Tensor


class Canvas:
    """Texels (H, W) of a periodic tile that is `width_m` wide, with square texels.

    x_m grows to the right (1, W), y_m grows downwards (H, 1), both in metres.
    """

    def __init__(self, size_px: tuple[int, int], width_m: float, seed: int, device: str = "cpu") -> None:
        self.size_px, self.width_m, self.seed, self.device = size_px, width_m, seed, device
        self.texel_m = width_m / size_px[1]
        self.height_m = self.texel_m * size_px[0]
        rows, columns = (torch.arange(side, device=device, dtype=torch.float32) + 0.5 for side in size_px)
        self.y_m, self.x_m = (rows * self.texel_m)[:, None], (columns * self.texel_m)[None]

    def count(self, size_m: float, *, horizontal: bool = True, multiple_of: int = 1) -> int:
        """Number of parts of about this size that fit along a side of the tile; at least `multiple_of`."""
        side_m = self.width_m if horizontal else self.height_m
        return max(1, round(side_m / size_m / multiple_of)) * multiple_of

    def uniform(self, name: str, *shape: int) -> Tensor:
        """Random numbers in [0, 1), always the same for one name, shape and seed."""
        return torch.from_numpy(self._random(name).random(shape, np.float32)).to(self.device)

    def normal(self, name: str, *shape: int) -> Tensor:
        """Standard normal random numbers, always the same for one name, shape and seed."""
        return torch.from_numpy(self._random(name).standard_normal(shape, np.float32)).to(self.device)

    def _random(self, name: str) -> np.random.Generator:
        return np.random.default_rng((self.seed, zlib.crc32(name.encode())))

    def color(self, srgb: tuple[float, float, float]) -> Tensor:
        """Linear colour (3, 1, 1) of an sRGB-encoded one."""
        return torch.from_numpy(srgb_to_linear(np.array(srgb, np.float32))).to(self.device)[:, None, None]

    def stacked(self, fields: Sequence[Tensor]) -> Tensor:
        """Fields as one tensor (N, H, W)."""
        return torch.stack([field.expand(self.size_px) for field in fields])

    def noise(
        self, name: str, size_m: float, *, octaves: int = 1, gain: float = 0.5, stretch: tuple[float, float] = (1, 1)
    ) -> Tensor:
        """Smooth noise (H, W), mean 0 and deviation 1, with features of `size_m` and octaves of half the size each.

        gain: amplitude of each octave relative to the one before (fractal Brownian motion). stretch: factors of the
        size, vertically and horizontally. Octaves that the texels cannot show are left out.
        """
        rows = self.count(size_m * stretch[0], horizontal=False)
        columns = self.count(size_m * stretch[1])
        total = torch.zeros(self.size_px, device=self.device)
        for octave in range(octaves):
            cells = (rows << octave, columns << octave)
            if octave and (cells[0] > self.size_px[0] or cells[1] > self.size_px[1]):
                break
            total += gain**octave * self._interpolated(_standardised(self.normal(f"{name} {octave}", *cells)))
        energy = sum(gain ** (2 * octave) for octave in range(octaves))
        return total / (SPLINE_DEVIATION * math.sqrt(energy))

    def _interpolated(self, lattice: Tensor) -> Tensor:
        """The lattice (h, w) at all texels (H, W), by periodic cubic B-splines."""
        for axis in (0, 1):
            taps, weights = _taps(lattice.shape[axis], self.size_px[axis], self.device)
            shape = (-1, 1) if axis == 0 else (1, -1)
            parts = [lattice.index_select(axis, taps[k]).mul_(weights[k].view(shape)) for k in range(4)]
            lattice = parts[0].add_(parts[1]).add_(parts[2]).add_(parts[3])
        return lattice

    def warped(self, field: Tensor, y_m: Tensor | float, x_m: Tensor | float) -> Tensor:
        """A field (…, H, W) whose texels are taken from a place that is further down and right by so many metres."""
        height, width = self.size_px
        y = ((self.y_m + y_m) / self.texel_m - 0.5).expand(height, width)
        x = ((self.x_m + x_m) / self.texel_m - 0.5).expand(height, width)
        top, left = y.floor(), x.floor()
        down, along = y - top, x - left
        rows = [(top + k).remainder(height).long() * width for k in (0, 1)]
        columns = [(left + k).remainder(width).long() for k in (0, 1)]
        flat = field.reshape(*field.shape[:-2], -1)
        upper, lower = (flat[..., r + columns[0]].lerp(flat[..., r + columns[1]], along) for r in rows)
        return upper.lerp(lower, down)

    def blurred(self, field: Tensor, deviation_m: float) -> Tensor:
        """A field (…, H, W) convolved with a Gaussian, around the torus."""
        height, width = self.size_px
        fy = torch.fft.fftfreq(height, self.texel_m, device=self.device)[:, None]
        fx = torch.fft.rfftfreq(width, self.texel_m, device=self.device)[None]
        response = torch.exp(-2 * (math.pi * deviation_m) ** 2 * (fy * fy + fx * fx))
        return torch.fft.irfft2(torch.fft.rfft2(field) * response, s=self.size_px)

    def trailed(self, field: Tensor, length_m: float) -> Tensor:
        """A field (H, W) that runs down the surface, fading by the factor e with each `length_m`; means stay."""
        fy = torch.fft.rfftfreq(self.size_px[0], self.texel_m, device=self.device)[:, None]
        response = 1 / (1 + 2j * math.pi * fy * length_m)
        return torch.fft.irfft(torch.fft.rfft(field, dim=0) * response, n=self.size_px[0], dim=0)

    def cells(
        self,
        name: str,
        size_m: float,
        *,
        jitter: float = 1.0,
        stretch: tuple[float, float] = (1, 1),
        warp: tuple[Tensor, Tensor] | None = None,
    ) -> Cells:
        """Voronoi cells of about `size_m` around points of a jittered lattice (Worley 1996).

        jitter: 0: a square lattice, 1: anywhere in its square. warp: metres (H, W) by which texels are moved, y and x.
        """
        rows = self.count(size_m * stretch[0], horizontal=False)
        columns = self.count(size_m * stretch[1])
        high, wide = self.height_m / rows, self.width_m / columns
        y = ((self.y_m if warp is None else self.y_m + warp[0]) / high).expand(self.size_px)
        x = ((self.x_m if warp is None else self.x_m + warp[1]) / wide).expand(self.size_px)
        points = (self.uniform(name, 2, rows * columns) - 0.5) * jitter + 0.5
        number, (y1, x1, first), (y2, x2, second) = _nearest_two(y, x, rows, columns, points, (high, wide))
        apart = ((y2 - y1).square_() + (x2 - x1).square_()).sqrt_().clamp_min_(1e-9)
        return Cells(number, first.sqrt(), -y1, -x1, (second - first) / (2 * apart))

    def of_each(self, name: str, number: Tensor) -> Tensor:
        """A random number in [0, 1) for each texel, the same for all texels of one `number`, from 0."""
        return self.uniform(name, int(number.max()) + 1)[number]


def _standardised(lattice: Tensor) -> Tensor:
    """The lattice with mean 0 and deviation 1, which a few random numbers rarely have."""
    return (lattice - lattice.mean()) / lattice.std().clamp_min(0.5) if lattice.numel() > 1 else lattice * 0


def _nearest_two(
    y: Tensor, x: Tensor, rows: int, columns: int, points: Tensor, size_m: tuple[float, float]
) -> tuple[Tensor, Tensor, Tensor]:
    """Number (H, W) of the nearest point; offsets y and x and squared distance (3, H, W) of the nearest two, metres."""
    row, column = y.floor(), x.floor()
    number = torch.zeros_like(y, dtype=torch.long)
    first = second = torch.full((3, *y.shape), math.inf, device=y.device)
    for down in (-1, 0, 1):
        line = (row + down).remainder(rows).long() * columns
        for right in (-1, 0, 1):
            index = line + (column + right).remainder(columns).long()
            dy = (points[0][index] + (row + down) - y) * size_m[0]
            dx = (points[1][index] + (column + right) - x) * size_m[1]
            found = torch.stack([dy, dx, dy * dy + dx * dx])
            is_first, is_second = found[2] < first[2], found[2] < second[2]
            second = torch.where(is_first, first, torch.where(is_second, found, second))
            first = torch.where(is_first, found, first)
            number = torch.where(is_first, index, number)
    return number, first, second


@lru_cache(maxsize=64)
def _taps(count: int, side: int, device: str) -> tuple[Tensor, Tensor]:
    """Indices and weights (4, side) of the lattice points that each texel is interpolated from."""
    place = (torch.arange(side, dtype=torch.float64) + 0.5) / side * count - 0.5
    t = place - place.floor()
    weights = torch.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
    indices = torch.stack([place.floor().long() + k for k in (-1, 0, 1, 2)]) % count
    return indices.to(device), weights.float().to(device)
