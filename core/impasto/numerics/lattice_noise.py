"""Smooth noise on a torus from random numbers on a lattice, so that it is the same at every resolution."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

SPLINE_DEVIATION = 151 / 315
"""Standard deviation of standard normal noise after interpolation by cubic B-splines along both axes."""


def fractal_noise(
    normal: Callable[[int, tuple[int, int]], Tensor],
    cells: tuple[int, int],
    size_px: tuple[int, int],
    octaves: int = 1,
    gain: float = 0.5,
) -> Tensor:
    """Fractal Brownian motion (H, W), mean 0 and deviation 1, whose coarsest octave is a lattice of `cells`.

    normal(octave, cells): standard normal numbers for the lattice of an octave. gain: amplitude of each octave relative
    to the one before. Octaves that are finer than the pixels are omitted.
    """
    total = torch.zeros(())
    for octave in range(octaves):
        finer = (cells[0] << octave, cells[1] << octave)
        if octave and (finer[0] > size_px[0] or finer[1] > size_px[1]):
            break
        total = gain**octave * spline_interpolation(_standardise(normal(octave, finer)), size_px) + total
    energy = sum(gain ** (2 * octave) for octave in range(octaves))
    return total / (SPLINE_DEVIATION * math.sqrt(energy))


def spline_interpolation(lattice: Tensor, size_px: tuple[int, int]) -> Tensor:
    """The lattice (h, w), interpolated at all pixels (H, W) by periodic cubic B-splines."""
    for axis in (0, 1):
        taps, weights = _taps(lattice.shape[axis], size_px[axis], str(lattice.device))
        shape = (-1, 1) if axis == 0 else (1, -1)
        parts = [lattice.index_select(axis, taps[k]).mul_(weights[k].view(shape)) for k in range(4)]
        lattice = parts[0].add_(parts[1]).add_(parts[2]).add_(parts[3])
    return lattice


def _standardise(lattice: Tensor) -> Tensor:
    """The lattice with mean 0 and deviation 1, from which a few random numbers usually deviate."""
    return (lattice - lattice.mean()) / lattice.std().clamp_min(0.5) if lattice.numel() > 1 else lattice * 0


@lru_cache(maxsize=64)
def _taps(count: int, side: int, device: str) -> tuple[Tensor, Tensor]:
    """Indices and weights (4, side) of the lattice points that each pixel is interpolated from."""
    place = (torch.arange(side, dtype=torch.float64) + 0.5) / side * count - 0.5
    t = place - place.floor()
    weights = torch.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
    indices = torch.stack([place.floor().long() + k for k in (-1, 0, 1, 2)]) % count
    return indices.to(device), weights.float().to(device)
