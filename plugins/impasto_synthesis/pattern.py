"""Rectification of a regular picture, so that whole periods of its pattern fit a torus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from impasto.regularity.detection import Regularity
from impasto.regularity.warp import warp

from .layout import Pattern

LARGEST_STRETCH = 0.2
"""Largest stretch of a period, as a logarithm, to make whole periods fit; beyond, distortion is worse than a seam."""


@dataclass(frozen=True)
class Fitted:
    """Rectified maps (c, h, w) to cut up, their periodic pattern, and the factor by which they were made wider.

    left_out: whether a pixel (h, w) must not be used.
    """

    maps: Mapping[str, torch.Tensor]
    pattern: Pattern = field(default_factory=Pattern)
    stretch_x: float = 1.0
    left_out: torch.Tensor | None = None


def fit_to_torus(maps: Mapping[str, torch.Tensor], found: Regularity, size_px: tuple[int, int]) -> Fitted | None:
    """Maps (c, h, w) resampled so that whole periods of the pattern fit a torus; None if that stretches too much.

    A = diag(H, W) N^-1 K maps centred source pixels to torus pixels, with K the wave vectors of the repeat and
    N = K diag(H, W), rounded.
    """
    size = torch.tensor([float(side) for side in size_px], dtype=torch.float64)
    wave_vectors, is_periodic = _axes(found)
    along_y, along_x = (rows.keystone if rows else 0.0 for rows in found.rows)
    for repeat_periods in (found.sublattice.repeat_periods, (1, 1)):  # better a bond broken at borders than no pattern
        counts = torch.tensor(repeat_periods)
        closed = wave_vectors.double() / counts[:, None]
        cycles = closed * size
        whole = torch.where(is_periodic[:, None], cycles.round(), cycles)
        if found.wave_vectors is None:
            whole = torch.diag(torch.where(is_periodic, whole.diag().clamp(min=1), size))
        if torch.linalg.det(whole).abs() < 0.5:
            continue
        affine = size[:, None] * torch.linalg.solve(whole, closed)
        stretches = torch.linalg.svdvals(affine)
        if (stretches.log().abs() < LARGEST_STRETCH).all():
            warped = {name: warp(image, affine, (along_y, along_x)) for name, image in maps.items()}
            kept = (whole * counts[:, None] / size)[is_periodic].numpy()
            return Fitted(warped, Pattern(kept, found.sublattice), float(affine[:, 1].norm()))
    return None


def _axes(found: Regularity) -> tuple[torch.Tensor, torch.Tensor]:
    """Two wave vectors (2, 2), and whether the pattern is periodic along them (2,).

    An axis without rows is perpendicular to the other, so that tilt is a rotation, and has one cycle per pixel.
    """
    if found.wave_vectors is not None:
        return found.wave_vectors, torch.ones(2, dtype=torch.bool)
    vectors = [rows.wave_vector(axis) if rows else None for axis, rows in enumerate(found.rows)]
    axes = []
    for axis, vector in enumerate(vectors):
        other = vectors[1 - axis]
        if vector is None and other is not None:
            turned = other / other.norm()
            vector = torch.stack([turned[1], -turned[0]]) if axis == 0 else torch.stack([-turned[1], turned[0]])
        assert vector is not None
        axes.append(vector)
    return torch.stack(axes), torch.tensor([vector is not None for vector in vectors])
