"""Pictures as tensors, and their resampling: bicubic or linear, antialiased, and circular if seamless."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from impasto.numerics.resampling import antialiased_resize

LEAST_PX = 16
"""Least side of resampled pictures."""


def as_tensor(pixels: np.ndarray, device: str | torch.device) -> Tensor:
    """Copy of float32 (H, W, C) as (1, C, H, W) on a device."""
    return torch.from_numpy(np.moveaxis(pixels, 2, 0)[None].copy()).to(device)


def as_image(picture: Tensor) -> np.ndarray:
    """(1, C, H, W) as float32 (H, W, C), within [0, 1]."""
    return picture.detach()[0].permute(1, 2, 0).float().clamp(0, 1).cpu().numpy()


def scaled_size(picture: Tensor, factor: float) -> tuple[int, int]:
    """(height, width) of (..., H, W) scaled by a factor, at least `LEAST_PX` a side."""
    height, width = picture.shape[-2:]
    return max(LEAST_PX, round(height * factor)), max(LEAST_PX, round(width * factor))


def resize_picture(picture: Tensor, size: Sequence[int], seamless: bool = False) -> Tensor:
    """(B, C, H, W) in [0, 1], resized to (height, width), bicubic and antialiased; circular if seamless."""
    return antialiased_resize(picture, size, "bicubic", seamless).clamp(0, 1)


def resized_linear(x: Tensor, size: Sequence[int], seamless: bool = False) -> Tensor:
    """Like `resize_picture`, but linear: the sum of masks stays 1, and nothing overshoots."""
    return antialiased_resize(x, size, "bilinear", seamless)
