"""A photograph's light: evening it out, and luma."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch.nn.functional import interpolate

from impasto.surface.color_tensors import luma

BROAD = 0.16
"""Standard deviation, relative to the longer side, of the blur that separates light from surface."""


def even_light(color: torch.Tensor, strength: float, axes: Sequence[int] = (0, 1)) -> torch.Tensor:
    """Image (C, h, w) with a fraction `strength` of the drift broader than a third of it subtracted, mean kept.

    axes: along which light is evened; with only one, each line along it keeps its mean.
    """
    drift = _blur(color, sigma=BROAD)
    return color - strength * (drift - drift.mean([1 + axis for axis in axes], keepdim=True))


def _blur(image: torch.Tensor, sigma: float) -> torch.Tensor:
    """Gaussian blur with mirrored borders, `sigma` relative to the longer side, computed on a small copy."""
    height, width = image.shape[1:]
    reduction = max(height, width) / 64
    small_size = [max(1, round(side / reduction)) for side in (height, width)]
    small = interpolate(image[None], size=small_size, mode="area")
    for axis, length in ((2, small_size[0]), (3, small_size[1])):
        mirrored = torch.cat([small.flip(axis), small, small.flip(axis)], axis)
        from_, to = (torch.arange(n, device=image.device, dtype=image.dtype) for n in (length, 3 * length))
        kernel = torch.exp(-0.5 * ((to[None] - length - from_[:, None]) / (64 * sigma)) ** 2)
        kernel = kernel / kernel.sum(1, keepdim=True)  # (n, 3n)
        small = (kernel @ mirrored) if axis == 2 else mirrored @ kernel.T
    return interpolate(small, size=(height, width), mode="bicubic", align_corners=False)[0]


def luma_of(maps: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Luma (h, w) of the base colour; of maps without one, the mean of the first."""
    if "base_color" in maps:
        return luma(maps["base_color"])
    return next(iter(maps.values())).mean(0)
