"""Colours under transparent parts, from the nearest opaque ones, so that filtering shows no halo."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

from impasto.surface.orientation import unit_normals
from impasto.texture import NORMAL_MAPS, Maps

ENOUGH = 4.0
"""A pixel of a coarse level counts as known if a quarter of it is known."""


def bleed(maps: Maps, known: np.ndarray) -> Maps:
    """All maps but opacity, with values spread from where `known` (H, W), 0 to 1, is high to all other places."""
    filled = {}
    for name in maps:
        if name != "opacity":
            spread_out = spread(maps[name].pixels, known)
            filled[name] = np.clip(unit_normals(spread_out) if name in NORMAL_MAPS else spread_out, 0, 1)
    return maps.with_arrays(filled) if filled else maps


def spread(pixels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Pixels (H, W, C), unchanged where `known` (H, W) is 1, and averages of nearby ones elsewhere.

    Pull-push interpolation (Gortler et al. 1996): averages of larger and larger squares fill the remaining gaps.
    """
    weight = torch.from_numpy(np.ascontiguousarray(known, np.float32))[None, None]
    x = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None]
    if not weight.any():
        return pixels
    return np.ascontiguousarray(_fill(x * weight, weight)[0].permute(1, 2, 0).numpy())


def _fill(weighted: Tensor, weight: Tensor) -> Tensor:
    """Values (1, C, H, W) from weighted ones, with gaps filled from the level below."""
    height, width = weight.shape[2:]
    own = weighted / weight.clamp_min(1e-6)
    if max(height, width) == 1:
        return own
    even = (0, width % 2, 0, height % 2)
    below = _fill(avg_pool2d(pad(weighted, even), 2), avg_pool2d(pad(weight, even), 2))
    wide = interpolate(below, scale_factor=2, mode="bilinear", align_corners=False)[..., :height, :width]
    share = (ENOUGH * weight).clamp_max(1) if min(height, width) > 1 else (weight > 0).float()
    return torch.lerp(wide, own, share)
