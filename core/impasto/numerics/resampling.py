"""Samples of fields between their pixels, and pictures at other sizes, around the torus."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from .borders import TORUS, with_margin

KERNEL_PX = 4
"""Upper bound of the reach of antialiased filters, in pixels of the coarser grid."""


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
    """(B, C, H, W), resampled along a circular axis: padded by whole periods of both grids, which are cropped again."""
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
