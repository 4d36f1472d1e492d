"""The canvas for drawing procedural materials: the texels of a torus, in metres, and seamless noise.

Random numbers belong to lattices, not to texels, so that a seed gives the same surface at every resolution.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from impasto.numerics.filters import blur
from impasto.numerics.lattice_noise import fractal_noise
from impasto.numerics.resampling import bilinear_samples
from impasto.surface.color import srgb_to_linear

Look: TypeAlias = Any
"""Parameter values of a material, by the names that `materials.toml` declares."""
STRIP_PX = 32
"""Cells are computed for this many rows of texels at a time, so that all steps stay in the processor's cache."""


@dataclass(frozen=True)
class Cells:
    """The Voronoi cell of each texel, (H, W): its number, and distances in metres.

    number: from 0. from_center_m: to the cell's point; y_m, x_m: offset from that point. to_border_m: to the border.
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
        """Number of parts of about this size along a side of the tile; at least `multiple_of`.

        There are at most about two per texel: smaller parts would cost memory and could not be seen.
        """
        side_m = self.width_m if horizontal else self.height_m
        most = max(1, 2 * self.size_px[1 if horizontal else 0] // multiple_of)
        return min(max(1, round(side_m / size_m / multiple_of)), most) * multiple_of

    def pieces(self, per_m2: float, most: int) -> int:
        """Number of pieces in a tile of this density: at least 1, and to save memory at most `most`."""
        return min(max(1, round(per_m2 * self.width_m * self.height_m)), most)

    def uniform(self, name: str, *shape: int) -> Tensor:
        """Random numbers in [0, 1), always the same for one name, shape and seed."""
        return torch.from_numpy(self._random(name).random(shape, np.float32)).to(self.device)

    def normal(self, name: str, *shape: int) -> Tensor:
        """Standard normal random numbers, always the same for one name, shape and seed."""
        return torch.from_numpy(self._random(name).standard_normal(shape, np.float32)).to(self.device)

    def _random(self, name: str) -> np.random.Generator:
        return np.random.default_rng((self.seed, zlib.crc32(name.encode())))

    def color(self, srgb: tuple[float, float, float]) -> Tensor:
        """Linear colour (3, 1, 1) from an sRGB-encoded one."""
        return torch.from_numpy(srgb_to_linear(np.array(srgb, np.float32))).to(self.device)[:, None, None]

    def stack(self, fields: Sequence[Tensor]) -> Tensor:
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
        return fractal_noise(
            lambda octave, cells: self.normal(f"{name} {octave}", *cells), (rows, columns), self.size_px, octaves, gain
        )

    def sway(self, name: str, amount_m: float, size_m: float, octaves: int = 3) -> tuple[Tensor, Tensor]:
        """Shift of texels in metres (H, W), y and x, for `warp`: noise, and a shift of the whole tile by the seed."""
        shift = self.uniform(f"{name} shift", 2)
        return (
            amount_m * self.noise(f"{name} y", size_m, octaves=octaves) + shift[0] * self.height_m,
            amount_m * self.noise(f"{name} x", size_m, octaves=octaves) + shift[1] * self.width_m,
        )

    def high_pass(self, field: Tensor, size_m: float) -> Tensor:
        """A field (H, W) without variation at scales above about `size_m`, and with the same deviation.

        A threshold then cuts off the same share everywhere, so that no large patch shows where the tile repeats.
        """
        level = field - self.blur(field, size_m / math.tau)
        return level * (field.std(correction=0) / level.std(correction=0).clamp_min(1e-9))

    def warp(self, field: Tensor, y_m: Tensor | float, x_m: Tensor | float) -> Tensor:
        """A field (…, H, W) sampled at places this many metres further down and right."""
        y = ((self.y_m + y_m) / self.texel_m).expand(self.size_px)
        x = ((self.x_m + x_m) / self.texel_m).expand(self.size_px)
        return bilinear_samples(field, y, x)

    def blur(self, field: Tensor, deviation_m: float) -> Tensor:
        """A field (…, H, W) convolved with a Gaussian, around the torus."""
        return blur(field, deviation_m / self.texel_m)

    def trails(self, field: Tensor, length_m: float) -> Tensor:
        """A field (H, W) smeared down the surface, fading by the factor e every `length_m`; its mean is kept."""
        fy = torch.fft.rfftfreq(self.size_px[0], self.texel_m, device=self.device)[:, None]
        response = 1 / (1 + 2j * math.pi * fy * length_m)
        return torch.fft.irfft(torch.fft.rfft(field, dim=0) * response, n=self.size_px[0], dim=0)

    def waves(self, name: str, length_m: float, *, spread: float = 0.2) -> tuple[Tensor, Tensor]:
        """Phase in turns, −0.5 to 0.5, and amplitude, about 1, of irregular waves that run downwards, with forks.

        The analytic signal of noise in a Gaussian band of wave vectors around (0, 1 / length_m). spread: deviation of
        the band, relative to its centre; 0 for straight parallel waves.
        """
        height, width = self.size_px
        frequency = self.count(length_m, horizontal=False) / self.height_m  # a straight wave fits the tile
        fy = torch.fft.fftfreq(height, self.texel_m, device=self.device)[:, None]
        fx = torch.fft.fftfreq(width, self.texel_m, device=self.device)[None]
        response = torch.exp(-0.5 * ((fy - frequency).square() + fx.square()) / (max(spread, 0.01) * frequency) ** 2)
        signal = torch.fft.ifft2(torch.fft.fft2(self.noise(name, 0.25 / frequency)) * response)
        amplitude = signal.abs()
        return signal.angle() / (2 * math.pi), amplitude / amplitude.mean().clamp_min(1e-9)

    def cells(
        self,
        name: str,
        size_m: float,
        *,
        jitter: float = 1.0,
        stagger: float = 0.0,
        stretch: tuple[float, float] = (1, 1),
        squeeze: tuple[float, float] = (1, 1),
        warp: tuple[Tensor, Tensor] | None = None,
    ) -> Cells:
        """Voronoi cells of about `size_m` around points of a jittered lattice (Worley 1996).

        jitter: 0: a square lattice, 1: anywhere in its square. stagger: shift of every second row, in cells (0.5 for
        hexagons). squeeze: distances are divided by it, vertically and horizontally, so that cells become longer.
        warp: metres (H, W) by which texels are moved, y and x.
        """
        rows = self.count(size_m * stretch[0], horizontal=False, multiple_of=2 if stagger else 1)
        columns = self.count(size_m * stretch[1])
        high, wide = self.height_m / rows, self.width_m / columns
        y = ((self.y_m if warp is None else self.y_m + warp[0]) / high).expand(self.size_px)
        x = ((self.x_m if warp is None else self.x_m + warp[1]) / wide).expand(self.size_px)
        points = (self.uniform(name, 2, rows, columns) - 0.5) * jitter + 0.5
        points[1, 0::2] -= stagger / 2
        points[1, 1::2] += stagger / 2
        squeezed_m = high / squeeze[0], wide / squeeze[1]
        strips = zip(y.split(STRIP_PX), x.split(STRIP_PX), strict=True)
        parts = [_nearest(*strip, points, squeezed_m) for strip in strips]
        number, y1, x1, border = (torch.cat(part) for part in zip(*parts, strict=True))
        return Cells(number, (y1 * y1 + x1 * x1).sqrt_(), -y1 * squeeze[0], -x1 * squeeze[1], border)

    def of_each(self, name: str, number: Tensor) -> Tensor:
        """A random number in [0, 1) for each texel, the same for all texels of one `number`, from 0."""
        return self.uniform(name, int(number.max()) + 1)[number]


def _nearest(
    y: Tensor, x: Tensor, points: Tensor, size_m: tuple[float, float]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Nearest point of a lattice (2, rows, columns): its number (h, W), the offsets, and the border's, in metres."""
    rows, columns = points.shape[1:]
    points_y, points_x = points.flatten(1)
    row, column = y.floor(), x.floor()
    places = []
    for down in (-1, 0, 1):
        line = (row + down).remainder(rows).long() * columns
        for right in (-1, 0, 1):
            index = line + (column + right).remainder(columns).long()
            dy = (points_y[index] + (row + down) - y).mul_(size_m[0])
            dx = (points_x[index] + (column + right) - x).mul_(size_m[1])
            places.append((index, dy, dx, dy * dy + dx * dx))
    number, y1, x1, first = places[0]
    for index, dy, dx, square in places[1:]:
        nearer = square < first
        number, first = index.where(nearer, number), square.where(nearer, first)
        y1, x1 = dy.where(nearer, y1), dx.where(nearer, x1)
    border = torch.full_like(first, math.inf)
    for _, dy, dx, square in places:
        apart = ((dy - y1).square_() + (dx - x1).square_()).sqrt_()
        border = border.minimum(((square - first) / apart.mul_(2)).nan_to_num_(nan=math.inf))  # nan at the point itself
    return number, y1, x1, border
