"""Preparation of the source: even light, and few channels for matching instead of all of a map set's."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.nn.functional import interpolate

from impasto.texture import COLOR_MAPS

WEIGHTS: Mapping[str, float] = {"base_color": 1.0, "height": 0.5, "normal": 0.4, "emission": 0.5, "opacity": 0.5}
"""Weights of maps in matching; 0.2 for the others, which mostly correlate with these."""

BROAD = 0.16
"""Standard deviation, relative to the longer side, of the blur that separates light from surface."""


def even_light(color: torch.Tensor, strength: float) -> torch.Tensor:
    """Image (C, h, w) with a fraction `strength` of the drift broader than a third of it subtracted, mean kept."""
    drift = _blur(color, sigma=BROAD)
    return color - strength * (drift - drift.mean((1, 2), keepdim=True))


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


def luminance(maps: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Luma (h, w) of the base colour; of maps without one, the mean of the first."""
    if "base_color" in maps:
        return opponent(maps["base_color"])[0]
    return next(iter(maps.values())).mean(0)


def opponent(color: torch.Tensor) -> torch.Tensor:
    """Luma and colour differences (3, h, w), the latter halved, as the eye sees them less sharply."""
    red, green, blue = color
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    return torch.stack([light, 0.5 * (blue - light), 0.5 * (red - light)])


def features_of(maps: Mapping[str, torch.Tensor], most: int = 4) -> torch.Tensor:
    """Principal components (C <= most, h, w) of all maps (c, h, w), weighted; their variances sum to 1.

    The last bits of matrix products depend on the matrices' addresses in memory, and cuts depend on the last bits of
    these components: computed in double precision and rounded, they are the same in every run.
    """
    parts = []
    for name, image in maps.items():
        seen = opponent(image) if name in COLOR_MAPS else image
        centered = seen - seen.mean((1, 2), keepdim=True)
        spread = centered.square().mean((1, 2)).sum().sqrt()
        if spread > 1e-4:
            parts.append(centered * (WEIGHTS.get(name, 0.2) / spread))
    if not parts:
        return torch.zeros_like(next(iter(maps.values()))[:1])
    stack = torch.cat(parts).flatten(1).cpu().double()  # (c, h w)
    variances, directions = torch.linalg.eigh(stack @ stack.T / stack.shape[1])
    count = min(most, max(1, int((variances > 0.02 * variances.sum()).sum())))
    features = directions[:, -count:].T @ stack
    features = features / features.square().mean(1).sum().sqrt()
    return features.to(image).view(count, *image.shape[1:])
