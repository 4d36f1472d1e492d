"""Lanczos resampling of the network's output to sizes that are not whole cells; it keeps grain sharp.

Pixels depend only on their position in the whole picture, so that regions have the same pixels as the whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

LOBES = 3
BLOCK_PX = 64
"""Pixels per matrix product: fewer waste less of the matrix, more use the processor better."""


@dataclass(frozen=True)
class Taps:
    """Kernel of each pixel along an axis: index and weights (n, taps) of the `count` input pixels from `first` on."""

    first: int
    count: int
    index: Tensor
    weights: Tensor

    def resample(self, values: Tensor, axis: int) -> Tensor:
        """values (C, h, w) with `axis`, 1 or 2, resampled."""
        parts = []
        for index, weights in zip(self.index.split(BLOCK_PX), self.weights.split(BLOCK_PX), strict=True):
            first, count = int(index[0, 0]), int(index[-1, -1] - index[0, 0]) + 1
            matrix = weights.new_zeros(len(index), count).scatter_(1, index - first, weights).to(values)
            read = values.narrow(axis, first, count)
            parts.append(matrix @ read if axis == 1 else read @ matrix.T)
        return torch.cat(parts, axis)


def taps_of(start: int, count: int, out: int, size_px: int) -> Taps:
    """Lanczos kernels for `count` pixels from `start` of an axis of `out` pixels, resampled from `size_px` pixels."""
    position = (torch.arange(start, start + count, dtype=torch.float64) + 0.5) * (size_px / out) - 0.5
    stretch = max(1.0, size_px / out)
    reach = math.ceil(LOBES * stretch)
    index = position.floor()[:, None] + torch.arange(1 - reach, reach + 1)
    distance = (position[:, None] - index) / stretch
    weights = torch.sinc(distance) * torch.sinc((distance / LOBES).clamp(-1, 1))
    index = index.long()
    first = int(index[0, 0])
    return Taps(first, int(index[-1, -1]) - first + 1, index - first, weights / weights.sum(1, keepdim=True))
