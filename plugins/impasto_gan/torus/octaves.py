"""Octaves of a picture: what lies between one size and half of it, as in a Laplacian pyramid (Burt & Adelson 1983).

The finest of them are faint: of a wall's colours they may be a tenth. Losses that look at the picture alone leave them
for last, so they are shown to losses in units of their own deviation.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate


def split(x: Tensor) -> tuple[Tensor, Tensor]:
    """x (B, C, H, W) -> its finest octave, as large as x, and what is left below, half as large."""
    smaller = avg_pool2d(x, 2)
    return x - _enlarged(smaller, x), smaller


def deviations(x: Tensor, count: int) -> Tensor:
    """Root mean squares (count, C) of `count` octaves of x (B, C, H, W), finest first; the last holds all below it."""
    found = []
    for _ in range(count - 1):
        octave, x = split(x)
        found.append(octave.square().mean((0, 2, 3)))
    return torch.stack([*found, x.square().mean((0, 2, 3))]).sqrt()


def finest(x: Tensor, units: Sequence[Tensor]) -> Tensor:
    """The finest octaves of x (B, C, H, W), each divided by its unit (C,): (B, len(units) * C, H, W), finest first."""
    found, size = [], x
    for unit in units:
        octave, x = split(x)
        found.append(_enlarged(octave / unit[:, None, None], size))
    return torch.cat(found, 1)


def _enlarged(x: Tensor, to: Tensor) -> Tensor:
    if x.shape[2:] == to.shape[2:]:
        return x
    return interpolate(x, size=to.shape[2:], mode="bilinear", align_corners=False)
