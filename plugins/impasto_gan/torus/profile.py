"""What a regular material is like at each place of its lattice, and how far a picture is from that.

Discriminators that are told the phases win by them, and the grain is lost; without, nothing says where in a unit grain
is coarse, or where a joint is that no mean unit holds. Mean and deviation at each phase do: a joint that bends makes
its mean wider and fainter than the data's.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .region import whole
from .waves import Waves

LEAST_BINS = 4
LEAST_VARIANCE = 1e-4


@dataclass(frozen=True)
class Profile:
    """Mean and deviation (C, n) of a picture's channels in n parts of its period, and how many pixels (n,) fell there.

    pixel: how many pixels of the surface a pixel of the pictures is. bins: parts of the period of each vector.
    periods: how many were seen, which says how far the mean may be off by chance.
    """

    mean: Tensor
    deviation: Tensor
    counts: Tensor
    pixel: float
    bins: int
    periods: float

    @classmethod
    def of(cls, picture: Tensor, waves: Waves, pixel: float, place_px: Tensor, bin_px: float) -> Profile:
        """Of a picture (C, H, W) that lies at `place_px` (2,), in parts of about `bin_px` pixels of the surface."""
        bins = max(LEAST_BINS, round(1 / (bin_px * float(waves.vectors.norm(dim=1).max()))))
        moments = _moments(picture[None], waves, pixel, place_px[None], bins)
        height, width = picture.shape[1:]
        return cls(*moments, pixel, bins, waves.periods(pixel * height, pixel * width))

    def distance(self, x: Tensor, waves: Waves, places_px: Tensor, *, with_deviation: bool) -> Tensor:
        """Mean |difference| of x's (B, C, H, W) means, and deviations, beyond what chance makes of both.

        A crop shows a unit or two: that its grain at a phase is not the mean's would otherwise be taken for a fault.
        """
        mean, deviation, counts = _moments(x, waves, self.pixel, places_px, self.bins)
        there = (counts > 0) & (self.counts > 0)
        periods = len(x) * waves.periods(self.pixel * x.shape[2], self.pixel * x.shape[3])
        error = self.deviation * (1 / self.periods + 1 / periods) ** 0.5  # standard error
        distance = ((mean - self.mean).abs() - error).relu()[:, there].mean()
        if with_deviation:
            distance = distance + ((deviation - self.deviation).abs() - error / 2**0.5).relu()[:, there].mean()
        return distance


def _moments(x: Tensor, waves: Waves, pixel: float, places_px: Tensor, bins: int) -> tuple[Tensor, Tensor, Tensor]:
    """Means and deviations (C, n) of x (B, C, H, W) by phase, n = bins ^ vectors, and counts (n,)."""
    parts = (waves.cycles(whole((x.shape[2], x.shape[3])), pixel, places_px) % 1 * bins).long().clamp(max=bins - 1)
    index = torch.zeros_like(parts[:, 0])
    for part in parts.unbind(1):
        index = index * bins + part
    index = index.flatten().to(x.device)
    values = x.transpose(0, 1).flatten(1).float()  # (C, B x H x W)
    empty = values.new_zeros(len(values), bins ** len(waves.vectors))
    counts = empty[0].index_add(0, index, torch.ones_like(values[0]))
    mean = empty.index_add(1, index, values) / counts.clamp(min=1)
    squares = empty.index_add(1, index, (values - mean.detach()[:, index]).square())
    return mean, (squares / counts.clamp(min=1) + LEAST_VARIANCE).sqrt(), counts
