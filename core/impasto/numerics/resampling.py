"""Resizing and sampling on a torus, and Laplacian pyramids.

A pyramid (Burt & Adelson 1983) divides a picture into frequency bands, each about an octave wide. The finest bands are
faint, with perhaps a tenth of the contrast of a wall, and losses on the picture alone neglect them. So losses also see
them divided by their own standard deviation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, pad

from .borders import TORUS, with_margin

KERNEL_PX = 4
"""Upper bound of the reach of antialiased filters, in pixels of the coarser grid."""
SMALLEST_LEVEL_PX = 16
"""Shorter side of the smallest pyramid level if the number of levels is not specified."""


def bilinear_samples(fields: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Bilinear samples (…, h, w) of fields (…, H, W) at y and x (h, w), around the torus.

    y, x: in pixels; the centre of the first pixel is at 0.5.
    """
    height, width = fields.shape[-2:]
    y, x = y - 0.5, x - 0.5
    top, left = y.floor(), x.floor()
    rows = [(top + k).remainder(height).long() * width for k in (0, 1)]
    columns = [(left + k).remainder(width).long() for k in (0, 1)]
    flat = fields.flatten(-2)
    upper, lower = (flat[..., r + columns[0]].lerp(flat[..., r + columns[1]], x - left) for r in rows)
    return upper.lerp(lower, y - top)


def bilinear_resize(x: Tensor, size: tuple[int, int], margin: int = 0) -> Tensor:
    """x (B, C, h, w) resized on the torus, bilinearly, and padded circularly: (B, C, H + 2 margin, W + 2 margin)."""
    height, width = x.shape[2:]
    if size == (height, width):
        return with_margin(x, margin, TORUS)
    if size == (2 * height, 2 * width):  # the usual case, five times as fast
        ring = margin // 2 + 1
        x = interpolate(with_margin(x, ring, TORUS), scale_factor=2, mode="bilinear", align_corners=False)
        cut = 2 * ring - margin
        return x[:, :, cut:-cut, cut:-cut]
    for axis, length in ((2, size[0]), (3, size[1])):
        cells = x.shape[axis]
        position = (torch.arange(-margin, length + margin, device=x.device) + 0.5) * (cells / length) - 0.5
        before = position.floor()
        weight = (position - before).to(x.dtype).unflatten(0, (-1, 1) if axis == 2 else (1, -1))
        index = before.long()
        x = x.index_select(axis, index % cells).lerp(x.index_select(axis, (index + 1) % cells), weight)
    return x


def antialiased_resize(x: Tensor, size: Sequence[int], mode: str, wraps: bool) -> Tensor:
    """x (B, C, h, w) at a size (H, W), averaged where it becomes smaller: (B, C, H, W).

    mode: "bilinear" or "bicubic". wraps: whether x is a torus.
    """
    if tuple(x.shape[2:]) == tuple(size):
        return x
    if wraps:
        return _resize_around(_resize_around(x, size[0], 2, mode), size[1], 3, mode)
    return interpolate(x, size=tuple(size), mode=mode, antialias=True, align_corners=False)


def _resize_around(x: Tensor, length: int, axis: int, mode: str) -> Tensor:
    """x (B, C, H, W), resampled along a circular axis, after padding by whole periods of both grids."""
    old = x.shape[axis]
    if old == length:
        return x
    common = math.gcd(old, length)
    periods = math.ceil(KERNEL_PX * max(1, old / length) / (old // common))
    margin, new_margin = periods * (old // common), periods * (length // common)
    wide = x.index_select(axis, torch.arange(-margin, old + margin, device=x.device) % old)
    size = [*x.shape[2:]]
    size[axis - 2] = length + 2 * new_margin
    return interpolate(wide, size=size, mode=mode, antialias=True, align_corners=False).narrow(axis, new_margin, length)


def split_band(x: Tensor, mode: str = "bilinear") -> tuple[Tensor, Tensor]:
    """The finest frequency band of x (B, C, H, W), in the same size, and the rest, half as large.

    mode: interpolation of the rest back to the size of x.
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
    """`split_band` with the binomial filter, which leaves less of the band in the rest than means of 2x2 pixels."""
    below = binomial_half(x)
    return x - interpolate(below, size=x.shape[2:], mode="bilinear"), below


def laplacian_pyramid(
    x: Tensor, levels: int, least_px: int = 2, split: Callable[[Tensor], tuple[Tensor, Tensor]] = split_band
) -> list[Tensor]:
    """At most `levels` levels of x (B, C, H, W): bands, finest first, and the residual.

    least_px: shortest side of a level that is split further. split: separates the band of a level from the rest.
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
    """Number of pyramid levels of pixels (H, W, C) down to `SMALLEST_LEVEL_PX`."""
    side, count = min(pixels.shape[:2]), 1
    while side >= 2 * SMALLEST_LEVEL_PX:
        side, count = side // 2, count + 1
    return count
