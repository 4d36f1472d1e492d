"""Complex steerable pyramid (Simoncelli & Freeman 1995; Portilla & Simoncelli 2000, section 2.1), circular.

It is built in the frequency domain, where its filters are exact and every picture wraps around.
"""

from __future__ import annotations

from functools import lru_cache
from math import factorial
from typing import NamedTuple

import torch
from torch import Tensor

ORIENTATIONS = 4
SMALLEST_BAND_PX = 32


class SteerablePyramid(NamedTuple):
    """High-pass residual (B, H, W); complex bands (B, K, h, w) and the low-pass of the same size (B, h, w) by scale,
    finest first; the low-pass residual is the last of one list more."""

    high: Tensor
    bands: list[Tensor]
    low: list[Tensor]


def scale_count(side_px: int) -> int:
    """Number of scales whose bands have at least 32 px on each side; at most 4."""
    return min(4, (side_px // SMALLEST_BAND_PX).bit_length())


def steerable_pyramid(pictures: Tensor, scales: int) -> SteerablePyramid:
    """Pyramid of square pictures (B, S, S); S must be a multiple of 2^scales."""
    spectrum = torch.fft.fftshift(torch.fft.fft2(pictures, norm="forward"), dim=(1, 2))
    radius, _ = _polar(pictures.shape[1])
    high = _inverse(spectrum * _high(radius / 2)).real
    spectrum = spectrum * _low(radius / 2)
    bands, low = [], [_inverse(spectrum).real]
    for _ in range(scales):
        side = spectrum.shape[1]
        radius, _ = _polar(side)
        bands.append(_inverse(spectrum[:, None] * _high(radius) * _angular_filters(side)))
        quarter = side // 4
        spectrum = (spectrum * _low(radius))[:, quarter:-quarter, quarter:-quarter]
        low.append(_inverse(spectrum).real)
    return SteerablePyramid(high, bands, low)


def enlarge(bands: Tensor) -> Tensor:
    """Complex bands (..., h, w) interpolated to twice the size, by padding their spectra with zeros."""
    spectrum = torch.fft.fftshift(torch.fft.fft2(bands, norm="forward"), dim=(-2, -1))
    quarter = bands.shape[-1] // 2
    return _inverse(torch.nn.functional.pad(spectrum, (quarter,) * 4))


def _inverse(spectrum: Tensor) -> Tensor:
    return torch.fft.ifft2(torch.fft.ifftshift(spectrum, dim=(-2, -1)), norm="forward")


def _high(radius: Tensor) -> Tensor:
    """H(r): 0 below π/4, 1 above π/2, a raised cosine of log r between."""
    return torch.cos(torch.pi / 2 * torch.log2(2 * radius / torch.pi).clamp(-1, 0))


def _low(radius: Tensor) -> Tensor:
    """L(r) with H² + L² = 1."""
    return torch.cos(torch.pi / 2 * torch.log2(4 * radius / torch.pi).clamp(0, 1))


@lru_cache
def _polar(side: int) -> tuple[Tensor, Tensor]:
    """Radius in radians a pixel and angle of each frequency (S, S), with frequency 0 in the middle."""
    frequency = 2 * torch.pi * torch.fft.fftshift(torch.fft.fftfreq(side))
    fy, fx = frequency[:, None], frequency[None]
    return torch.hypot(fy, fx).clamp(min=1e-9), torch.atan2(fy, fx)


@lru_cache
def _angular_filters(side: int) -> Tensor:
    """Angular filters (K, S, S) on one half of the plane each, so that responses are complex."""
    _, angle = _polar(side)
    k = ORIENTATIONS - 1
    gain = 2**k * factorial(k) / (ORIENTATIONS * factorial(2 * k)) ** 0.5
    turned = [angle - torch.pi * index / ORIENTATIONS for index in range(ORIENTATIONS)]
    turned = [torch.remainder(one + torch.pi, 2 * torch.pi) - torch.pi for one in turned]
    return torch.stack([2 * gain * torch.cos(one) ** k * (one.abs() < torch.pi / 2) for one in turned])
