"""Conditioning of the generator on a lattice: sines of its phases, and noise for each unit cell.

The phases are those of PSGAN (Bergmann et al. 2017, section 3.2), but with wave vectors that are measured, not learned.
They keep the distance of rows at any size. The noise of each unit cell lets whole tiles differ, in brightness for
instance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from impasto.patterns.lattice import Draw, Lattice, TorusRegion, cell_at

HARMONICS = (1, 2, 4, 8)
"""Multiples of each wave vector, since joints are narrow and the fundamental hardly locates them."""
HARMONICS_IN_BOND = HARMONICS[:2]
"""Multiples for rows in a bond: with more, networks draw straight lines along rows."""
CELL_CHANNELS = 4


@dataclass(frozen=True)
class Conditioning:
    """Conditioning on a lattice, on a torus of `full` (height, width) pixels. cell_noise: (B, CELL_CHANNELS, n, m)."""

    lattice: Lattice
    full: tuple[int, int]
    cell_noise: Tensor | None
    device: str

    @classmethod
    def random(cls, lattice: Lattice, full: tuple[int, int], draw: Draw, device: str) -> Conditioning:
        """Conditioning with random noise for each cell, if the lattice has rectangular cells."""
        noise = draw(CELL_CHANNELS, lattice.cells_by_vector(full)) if lattice.has_cells else None
        return cls(lattice, full, noise, device)

    def of_pictures(self, rows: slice) -> Conditioning:
        """The conditioning of some pictures of a batch."""
        noise = None if self.cell_noise is None else self.cell_noise[rows]
        return replace(self, lattice=self.lattice.of_pictures(rows), cell_noise=noise)

    def __call__(self, region: TorusRegion) -> Tensor:
        """Phases and cell noise (B, condition_channels, h, w) of any region of the torus, at any scale."""
        cycles = self.lattice.cycles(region, self.full[0] / region.full[0])
        vectors, harmonics = _fundamentals(self.lattice)
        angles = 2 * math.pi * _combine(cycles[:, : len(vectors)].transpose(0, 1), harmonics).transpose(0, 1)
        phases = torch.cat([torch.sin(angles), torch.cos(angles)], 1).to(self.device)
        if self.cell_noise is None:
            return phases
        noise = self.cell_noise
        first, second = cell_at(cycles).unbind(1)  # (B, h, w)
        index = first % noise.shape[2] * noise.shape[3] + second % noise.shape[3]
        index = index.flatten(1)[:, None].expand(-1, CELL_CHANNELS, -1).to(self.device)
        return torch.cat([phases, noise.flatten(2).gather(2, index).unflatten(2, first.shape[1:])], 1)


def phase_channels(lattice: Lattice) -> int:
    """Number of sines and cosines, including those of the sum and difference of two wave vectors."""
    return 2 * len(_combine(*_fundamentals(lattice)))


def condition_channels(lattice: Lattice) -> int:
    """Number of channels of a `Conditioning`; 0 for an irregular material."""
    return phase_channels(lattice) + (CELL_CHANNELS if lattice.has_cells else 0)


def _fundamentals(lattice: Lattice) -> tuple[Tensor, tuple[int, ...]]:
    """The wave vectors whose phases condition the generator, and the multiples of them."""
    if lattice.bond:
        return lattice.wave_vectors[:1], HARMONICS_IN_BOND
    return lattice.wave_vectors, HARMONICS


def _combine(vectors: Tensor, harmonics: tuple[int, ...]) -> Tensor:
    """Multiples of wave vectors, or of their phases, (N, ...); for two, also their sum and difference."""
    combined = [multiple * vectors for multiple in harmonics]
    if len(vectors) == 2:
        combined += [vectors.sum(0, keepdim=True), vectors.diff(dim=0)]
    return torch.cat(combined)
