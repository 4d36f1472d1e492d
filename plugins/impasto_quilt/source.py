"""Prepare the photograph: even out its light, and reduce a map set to the few channels that matching needs."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.nn.functional import interpolate

WEIGHTS: Mapping[str, float] = {"base_color": 1.0, "height": 0.5, "normal": 0.4, "emission": 0.5, "opacity": 0.5}
"""How much each map's variation counts in matching; 0.2 for the others, which mostly follow these."""


def even_light(color: torch.Tensor, strength: float) -> torch.Tensor:
    """Take `strength` of the broad drift, wider than a quarter of the image, out of (C, h, w), keeping the mean."""
    drift = _blur(color, sigma=0.16)
    return color - strength * (drift - drift.mean((1, 2), keepdim=True))


def _blur(image: torch.Tensor, sigma: float) -> torch.Tensor:
    """Gaussian blur with mirrored borders, `sigma` in parts of the longer side, computed on a small copy."""
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


def features_of(maps: Mapping[str, torch.Tensor], most: int = 4) -> torch.Tensor:
    """Principal components (C <= most, h, w) of all maps (c, h, w), weighted; their variances sum to 1.

    Colour is weighted as the eye does: luminance in full, the two colour differences by half.
    """
    parts = []
    for name, image in maps.items():
        if name in ("base_color", "emission"):
            red, green, blue = image
            luminance = 0.299 * red + 0.587 * green + 0.114 * blue
            image = torch.stack([luminance, 0.5 * (blue - luminance), 0.5 * (red - luminance)])
        centered = image - image.mean((1, 2), keepdim=True)
        spread = centered.square().mean((1, 2)).sum().sqrt()
        if spread > 1e-4:
            parts.append(centered * (WEIGHTS.get(name, 0.2) / spread))
    if not parts:
        return torch.zeros_like(next(iter(maps.values()))[:1])
    stack = torch.cat(parts)
    flat = stack.flatten(1)
    variances, directions = torch.linalg.eigh((flat @ flat.T / flat.shape[1]).cpu())
    kept = max(1, int((variances > 0.02 * variances.sum()).sum()))
    kept = min(kept, most)
    basis = directions[:, -kept:].to(flat.device)
    features = (basis.T @ flat).reshape(kept, *stack.shape[1:])
    return features / features.square().mean((1, 2)).sum().sqrt()
