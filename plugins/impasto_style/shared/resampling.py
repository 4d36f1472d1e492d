"""Pictures as tensors, and their resampling: bicubic or linear, antialiased, and circular if seamless."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

LEAST_PX = 16
"""Least side of resampled pictures."""

KERNEL_PX = 4
"""Upper bound of the filters' reach, in pixels of the coarser grid."""


def as_tensor(pixels: np.ndarray, device: str | torch.device) -> Tensor:
    """float32 (H, W, C) as (1, C, H, W) on a device; a copy."""
    return torch.from_numpy(np.moveaxis(pixels, 2, 0)[None].copy()).to(device)


def as_image(picture: Tensor) -> np.ndarray:
    """(1, C, H, W) as float32 (H, W, C), within [0, 1]."""
    return picture.detach()[0].permute(1, 2, 0).float().clamp(0, 1).cpu().numpy()


def scaled_size(picture: Tensor, factor: float) -> tuple[int, int]:
    """(height, width) of (..., H, W) scaled by a factor, at least `LEAST_PX` a side."""
    height, width = picture.shape[-2:]
    return max(LEAST_PX, round(height * factor)), max(LEAST_PX, round(width * factor))


def resized(picture: Tensor, size: Sequence[int], seamless: bool = False) -> Tensor:
    """(B, C, H, W) in [0, 1], resized to (height, width), bicubic and antialiased; circular if seamless."""
    return _resample(picture, size, "bicubic", seamless).clamp(0, 1)


def resized_linear(x: Tensor, size: Sequence[int], seamless: bool = False) -> Tensor:
    """Like `resized`, but linear: masks that add up to 1 still do, and nothing overshoots."""
    return _resample(x, size, "bilinear", seamless)


def _resample(x: Tensor, size: Sequence[int], mode: str, seamless: bool) -> Tensor:
    if tuple(x.shape[2:]) == tuple(size):
        return x
    if seamless:
        return _resample_around(_resample_around(x, size[0], 2, mode), size[1], 3, mode)
    return interpolate(x, size=tuple(size), mode=mode, antialias=True, align_corners=False)


def _resample_around(x: Tensor, length: int, axis: int, mode: str) -> Tensor:
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
