"""Laplacian pyramids (Burt & Adelson 1983): a picture as frequency bands, each about an octave wide.

The finest bands are faint, perhaps a tenth of a wall's contrast, and losses on the picture alone neglect them. So
losses also see them divided by their own standard deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, pad

SMALLEST_LEVEL_PX = 16
"""Shorter side of the smallest level of a picture of which no number of levels is asked."""


def split_band(x: Tensor, mode: str = "bilinear") -> tuple[Tensor, Tensor]:
    """The finest frequency band of x (B, C, H, W), of the same size, and the rest, half as large.

    mode: of the interpolation back to the size of x.
    """
    below = avg_pool2d(x, 2)
    return x - interpolate(below, size=x.shape[2:], mode=mode), below


def binomial_half(x: Tensor) -> Tensor:
    """x (B, C, H, W) at half its size, after the binomial filter [1, 3, 3, 1] / 8 along both axes."""
    height, width = (2 * (side // 2) for side in x.shape[2:])
    row = torch.tensor([1.0, 3.0, 3.0, 1.0]).to(x) / 8
    channels = pad(x[..., :height, :width].flatten(0, 1)[:, None], (1, 1, 1, 1), mode="replicate")
    return conv2d(channels, (row[:, None] * row)[None, None], stride=2).view(*x.shape[:2], height // 2, width // 2)


def split_binomial_band(x: Tensor) -> tuple[Tensor, Tensor]:
    """The same by the binomial filter, which lets less of the band into the rest than means of 2x2."""
    below = binomial_half(x)
    return x - interpolate(below, size=x.shape[2:], mode="bilinear"), below


def laplacian_pyramid(
    x: Tensor, levels: int, least_px: int = 2, split: Callable[[Tensor], tuple[Tensor, Tensor]] = split_band
) -> list[Tensor]:
    """At most `levels` levels of x (B, C, H, W): bands, finest first, and the residual.

    least_px: shorter side of what is split. split: finds the band of each level.
    """
    bands: list[Tensor] = []
    while len(bands) < levels - 1 and min(x.shape[2:]) >= least_px:
        band, x = split(x)
        bands.append(band)
    return [*bands, x]


def band_deviations(x: Tensor, count: int) -> Tensor:
    """Root mean squares (count, C) of `count` bands of x (B, C, H, W), finest first; the last is the residual."""
    return torch.stack([band.square().mean((0, 2, 3)) for band in laplacian_pyramid(x, count)]).sqrt()


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


def pyramid_of(pixels: np.ndarray, count: int | None = None) -> list[Tensor]:
    """`count` band-pass levels (C, h, w) of pixels (H, W, C), finest first; the last is the low-pass residual."""
    image = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32))
    levels = laplacian_pyramid(image[None], count or level_count(pixels), split=split_binomial_band)
    return [level[0] for level in levels]


def level_count(pixels: np.ndarray) -> int:
    """Number of levels of pixels (H, W, C) down to `SMALLEST_LEVEL_PX`."""
    side, count = min(pixels.shape[:2]), 1
    while side >= 2 * SMALLEST_LEVEL_PX:
        side, count = side // 2, count + 1
    return count
