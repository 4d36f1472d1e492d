"""Normals and ambient occlusion derived from height, so that the maps of a set agree.

Local filters on a torus: a part of a surface with a margin of `HALO_PX` on each side gives the values of the whole.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ..texture import Maps
from .heights import scale_m

SCALES = 4
HALO_PX = 2 * (2**SCALES - 1)
"""Distance up to which a pixel has influence: four blurs of 2, 4, 8 and 16 px to each side."""
DEVIATIONS_PX = (1.0, 2.2, 4.6, 9.2)
"""Standard deviation of the blurs up to each scale: the sum of 4^s over the scales."""
PLAIN = 0.06
"""Closure that counts as open, so that a plain face stays white."""


def with_relief(maps: Maps, device: str = "cpu") -> Maps:
    """The maps with `normal` and `ambient_occlusion` derived from `height`; unchanged without height."""
    if "height" not in maps:
        return maps
    width_px = maps.size_px[1]
    width_m, range_m = scale_m(maps)
    height_px = torch.from_numpy(maps["height"].pixels[..., 0]).to(device) * (range_m / width_m * width_px)
    normal, occlusion = normal_from_height(height_px), occlusion_from_height(height_px)
    arrays = {"normal": normal.permute(1, 2, 0).cpu().numpy(), "ambient_occlusion": occlusion.cpu().numpy()}
    return replace(maps.with_arrays(arrays), width_m=width_m, height_range_m=range_m)


def normal_from_height(height_px: Tensor) -> Tensor:
    """OpenGL normals (3, H, W), encoded in [0, 1], of height (H, W) in pixels; +Y is up, against the rows.

    Slopes are circular central differences, as in `impasto.surface.heights` and in the training data.
    """
    p = (torch.roll(height_px, -1, 1) - torch.roll(height_px, 1, 1)) / 2
    q = (torch.roll(height_px, -1, 0) - torch.roll(height_px, 1, 0)) / 2
    z = 0.5 * torch.rsqrt(p * p + q * q + 1)
    return 0.5 + torch.stack([-p * z, q * z, z])


def without_rounding(height: Tensor) -> Tensor:
    """Height (H, W) in [0, 1], smoothed within half a step if it was stored in 8 bits, so that slopes have no stairs.

    Blurred by a B3 spline on a torus; what is finer than half a step was lost in rounding.
    """
    steps = height * 255
    if (steps - steps.round()).abs().max() > 1e-3:
        return height
    blurred = height
    for scale in (0, 1):
        for axis in (0, 1):
            blurred = _spline(blurred, 2**scale, axis)
    return height + (blurred - height).clamp(-0.5 / 255, 0.5 / 255)


def occlusion_from_height(height_px: Tensor, strength: float = 0.5) -> Tensor:
    """Ambient occlusion (Langer & Bülthoff 2000) of height (H, W) in pixels, in [0, 1]; 1: open to the sky.

    Σ relu(blur_σ(h) − h)/σ: the height of the surroundings above a point, over their distance, at four scales. The
    blurs are B3 splines with holes (à trous), whose cost does not grow with their width.
    """
    blurred, closed = height_px, torch.zeros_like(height_px)
    for scale, deviation_px in enumerate(DEVIATIONS_PX):
        for axis in (0, 1):
            blurred = _spline(blurred, 2**scale, axis)
        closed += (blurred - height_px).clamp_min(0) / deviation_px
    return 1 / (1 + 2 * strength * (closed - PLAIN).clamp_min(0))


def _spline(x: Tensor, step: int, axis: int) -> Tensor:
    """Circular convolution with [1, 4, 6, 4, 1] / 16 along an axis, its taps `step` apart."""
    length = x.shape[axis]
    around = torch.arange(-2 * step, length + 2 * step, device=x.device) % length
    x = x.index_select(axis, around)
    taps = [x.narrow(axis, index * step, length) for index in range(5)]
    return (0.375 * taps[2]).add_(taps[1] + taps[3], alpha=0.25).add_(taps[0] + taps[4], alpha=0.0625)
