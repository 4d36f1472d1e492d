"""Octaves of a picture: what lies between one size and half of it.

The finest of them are faint: of a wall's colours they may be a tenth. Losses that look at the picture alone leave them
for last, so they are shown to losses in units of their own deviation.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.training.losses import split_octave


def deviations(x: Tensor, count: int) -> Tensor:
    """Root mean squares (count, C) of `count` octaves of x (B, C, H, W), finest first; the last holds all below it."""
    found = []
    for _ in range(count - 1):
        octave, x = split_octave(x)
        found.append(octave.square().mean((0, 2, 3)))
    return torch.stack([*found, x.square().mean((0, 2, 3))]).sqrt()


def finest(x: Tensor, units: Sequence[Tensor]) -> Tensor:
    """The finest octaves of x (B, C, H, W), each divided by its unit (C,): (B, len(units) * C, H, W), finest first."""
    found: list[Tensor] = []
    size = x.shape[2:]
    for unit in units:
        octave, x = split_octave(x)
        octave = octave / unit[:, None, None]
        found.append(octave if not found else interpolate(octave, size=size, mode="bilinear", align_corners=False))
    return torch.cat(found, 1)
