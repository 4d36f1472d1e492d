"""Colour conversions on tensors (3, ...), for which `color` has equivalents on arrays (..., 3)."""

from __future__ import annotations

import torch
from torch import Tensor

from .color import LINEAR_TO_LMS, LMS_TO_OKLAB, LUMA, LUMINANCE


def srgb_to_linear(encoded: Tensor) -> Tensor:
    """sRGB-encoded values of any shape to linear ones (IEC 61966-2-1)."""
    return torch.where(encoded <= 0.04045, encoded / 12.92, ((encoded.clamp_min(0) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: Tensor) -> Tensor:
    """Linear values of any shape to sRGB-encoded ones (IEC 61966-2-1)."""
    return torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp_min(0) ** (1 / 2.4) - 0.055)


def luma(encoded: Tensor) -> Tensor:
    """Luma (H, W) of sRGB-encoded colours (3, H, W): see `color.LUMA`."""
    return _weighted_sum(encoded, LUMA.tolist())


def luminance(linear: Tensor) -> Tensor:
    """Luminance (H, W) of linear colours (3, H, W): see `color.LUMINANCE`."""
    return _weighted_sum(linear, LUMINANCE.tolist())


def linear_to_oklab(linear: Tensor) -> Tensor:
    """Linear sRGB (3, H, W) in [0, 1] to Oklab (Ottosson 2020)."""
    lms = linear.new_tensor(LINEAR_TO_LMS) @ linear.flatten(1).clamp_min(0)
    return (linear.new_tensor(LMS_TO_OKLAB) @ lms.pow(1 / 3)).view_as(linear)


def _weighted_sum(color: Tensor, weights: list[float]) -> Tensor:
    red, green, blue = color
    return weights[0] * red + weights[1] * green + weights[2] * blue
