"""Mean and deviation of a regular picture at each phase of its lattice, and the distance of another picture from them.

A discriminator that sees the phases wins by them, and the grain is lost; without them it cannot judge where in a
cell grain is coarse, or where joints lie that the mean cell does not hold. Mean and deviation at each phase can: a
bent joint makes the mean wider and fainter than the data's.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.patterns.lattice import Lattice, picture_region

LEAST_BINS = 4
"""Fewest bins of a period: joint, edge, centre, edge."""
LEAST_VARIANCE = 1e-4
"""Added to variances of standardised channels, so that the gradient of their root stays finite."""


@dataclass(frozen=True)
class PhaseStatistics:
    """Mean and deviation (C, n) of a picture's channels in n phase bins, and counts (n,) of the pixels in each.

    pixel: width of the picture's pixels, in pixels of the surface. bins: along each wave vector. periods: their number
    in the picture, which determines the standard error of its means.
    """

    mean: Tensor
    deviation: Tensor
    counts: Tensor
    pixel: float
    bins: int
    periods: float

    @classmethod
    def of(cls, picture: Tensor, lattice: Lattice, pixel: float, bin_px: float) -> PhaseStatistics:
        """Statistics of a picture (C, H, W), in bins of about `bin_px` pixels of the surface."""
        bins = max(LEAST_BINS, round(1 / (bin_px * float(lattice.wave_vectors.norm(dim=1).max()))))
        moments = _moments(picture[None], lattice, pixel, bins)
        height, width = picture.shape[1:]
        return cls(*moments, pixel, bins, lattice.periods(pixel * height, pixel * width))

    def distance(self, x: Tensor, lattice: Lattice, *, with_deviation: bool) -> Tensor:
        """Mean absolute difference of x's (B, C, H, W) means, and deviations, beyond one standard error of both.

        A crop shows only one or two cells. Without that allowance, its grain at a phase would count as a difference.
        """
        mean, deviation, counts = _moments(x, lattice, self.pixel, self.bins)
        is_seen = (counts > 0) & (self.counts > 0)
        periods = len(x) * lattice.periods(self.pixel * x.shape[2], self.pixel * x.shape[3])
        error = self.deviation * (1 / self.periods + 1 / periods) ** 0.5  # of a mean; a deviation's is √2 smaller
        distance = ((mean - self.mean).abs() - error).relu()[:, is_seen].mean()
        if with_deviation:
            distance = distance + ((deviation - self.deviation).abs() - error / 2**0.5).relu()[:, is_seen].mean()
        return distance


def _moments(x: Tensor, lattice: Lattice, pixel: float, bins: int) -> tuple[Tensor, Tensor, Tensor]:
    """Means and deviations (C, n) of x (B, C, H, W) by phase, n = bins ** len(wave_vectors), and counts (n,)."""
    bin_of = (lattice.cycles(picture_region(x), pixel) % 1 * bins).long().clamp(max=bins - 1)  # (B, N, H, W)
    index = torch.zeros_like(bin_of[:, 0])
    for along_vector in bin_of.unbind(1):
        index = index * bins + along_vector
    index = index.flatten().to(x.device)
    values = x.transpose(0, 1).flatten(1).float()  # (C, B x H x W)
    empty = values.new_zeros(len(values), bins ** len(lattice.wave_vectors))
    counts = empty[0].index_add(0, index, torch.ones_like(values[0]))
    mean = empty.index_add(1, index, values) / counts.clamp(min=1)
    squares = empty.index_add(1, index, (values - mean.detach()[:, index]).square())
    return mean, (squares / counts.clamp(min=1) + LEAST_VARIANCE).sqrt(), counts
