"""Removal of large-scale illumination and soft shadows from a photograph, but not of the material's colours."""

from __future__ import annotations

import torch
from torch.nn.functional import adaptive_avg_pool2d

from ..numerics.borders import Plane
from ..numerics.filters import blur
from .color_tensors import luminance

BLACK = 0.01  # added to luminance before its logarithm, so that black pixels do not count as deep shadow
WIDE = 1 / 10  # standard deviation of the blur that finds the light, relative to the picture's size
CELLS = 16  # cells per side, in which brightness is averaged before a gradient is fitted
PASSES, OUTLIER = 6, 0.2  # passes of that fit; deviation, as a logarithm, at which a cell counts half
LIGHT_STOPS = 1.5  # largest deviation of the light, about, up and down; the material causes larger ones


def delight(albedo: torch.Tensor, light: torch.Tensor, strength: float) -> torch.Tensor:
    """Linear rgb (3, H, W) with `strength` (0–1) of `light` (H, W, logarithmic) divided out, mean luminance kept."""
    flat = albedo * torch.exp(-strength * light)
    return (flat * (luminance(albedo).mean() / luminance(flat).mean().clamp_min(1e-6))).clamp(0, 1)


def illumination(rgb: torch.Tensor, size_px: float, wide: float = WIDE) -> torch.Tensor:
    """Natural logarithm (H, W), mean 0, of the light on a surface, from linear rgb (3, H, W) of size `size_px`.

    Light is the slow variation of log-luminance that hue does not explain: if darker parts of the material have another
    hue, hue predicts luminance at small scales, and the predicted part is not removed. wide: standard deviation of the
    blur, relative to the size.
    """
    log_rgb = torch.log(rgb + BLACK)
    L = torch.log(luminance(rgb) + BLACK)
    C = torch.stack([log_rgb[0] - log_rgb[1], log_rgb[2] - log_rgb[1]])  # (2, H, W) chromaticity
    base = blur(torch.cat([L[None], C]), wide * size_px)  # (3, H, W)
    detail = (torch.cat([L[None], C]) - base).flatten(1)
    gram = detail[1:] @ detail[1:].T / L.numel() + 1e-3 * torch.eye(2, device=rgb.device)
    beta = torch.linalg.solve(gram, detail[1:] @ detail[0] / L.numel())  # (2,)
    S = base[0] - torch.einsum("c,chw->hw", beta, base[1:])
    limit = LIGHT_STOPS * 0.6931
    S = S - S.mean()
    return limit * torch.tanh(S / limit)


def gradient(rgb: torch.Tensor) -> torch.Tensor:
    """Natural logarithm (H, W), mean 0, of light that changes as a parabola across linear rgb (3, H, W).

    It is fitted to cells; outliers have less weight. A blur would lose gradients at the borders, where it
    mirrors the picture.
    """
    height, width = rgb.shape[1:]
    cells = adaptive_avg_pool2d(rgb, (min(CELLS, height), min(CELLS, width)))
    logarithms = torch.log(luminance(cells) + BLACK).flatten()
    basis = _parabolas(cells.shape[1], cells.shape[2], rgb.device).flatten(1)  # (6, n)
    weight = torch.ones_like(logarithms)
    for _ in range(PASSES):
        gram = (basis * weight) @ basis.T + 1e-4 * torch.eye(len(basis), device=rgb.device)
        coefficients = torch.linalg.solve(gram, (basis * weight) @ logarithms)
        weight = 1 / (1 + ((logarithms - coefficients @ basis) / OUTLIER) ** 2)
    light = torch.einsum("i,ihw->hw", coefficients, _parabolas(height, width, rgb.device))
    return light - light.mean()


def unevenness(rgb: torch.Tensor, wide: float = WIDE) -> torch.Tensor:
    """Natural logarithm (H, W), mean 0, of uneven light across linear rgb (3, H, W): gradients, then shadows.

    wide: standard deviation of the blur that finds shadows, relative to the picture's size.
    """
    slow = gradient(rgb)
    plane = Plane.around((rgb.shape[1], rgb.shape[2]), (False, False))
    rest = illumination(plane.extend(rgb * torch.exp(-slow)), plane.scale_px, wide)
    light = slow + plane.crop(rest)
    return light - light.mean()


def _parabolas(height: int, width: int, device: torch.device) -> torch.Tensor:
    """1, x, y, x², xy and y² (6, H, W), with x and y from −1 to 1 at the picture's borders."""
    y = ((torch.arange(height, device=device) + 0.5) / height * 2 - 1)[:, None].expand(height, width)
    x = ((torch.arange(width, device=device) + 0.5) / width * 2 - 1)[None].expand(height, width)
    return torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y])
