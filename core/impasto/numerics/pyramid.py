"""Laplacian pyramids (Burt & Adelson 1983): a picture as frequency bands, each about an octave wide.

The finest bands are faint, perhaps a tenth of a wall's contrast, and losses on the picture alone neglect them. So
losses also see them divided by their own standard deviation.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate


def split_band(x: Tensor) -> tuple[Tensor, Tensor]:
    """The finest frequency band of x (B, C, H, W), of the same size, and the rest, half as large."""
    below = avg_pool2d(x, 2)
    return x - interpolate(below, size=x.shape[2:], mode="bilinear", align_corners=False), below


def band_deviations(x: Tensor, count: int) -> Tensor:
    """Root mean squares (count, C) of `count` bands of x (B, C, H, W), finest first; the last is the residual."""
    squares = []
    for _ in range(count - 1):
        band, x = split_band(x)
        squares.append(band.square().mean((0, 2, 3)))
    return torch.stack([*squares, x.square().mean((0, 2, 3))]).sqrt()


def finest_bands(x: Tensor, deviations: Sequence[Tensor]) -> Tensor:
    """The finest bands of x (B, C, H, W), each divided by its deviation (C,) and enlarged to H x W.

    Returns (B, len(deviations) * C, H, W), finest first.
    """
    bands: list[Tensor] = []
    size = x.shape[2:]
    for deviation in deviations:
        band, x = split_band(x)
        band = band / deviation[:, None, None]
        bands.append(band if not bands else interpolate(band, size=size, mode="bilinear", align_corners=False))
    return torch.cat(bands, 1)
