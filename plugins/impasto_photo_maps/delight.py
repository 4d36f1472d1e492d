"""Removal of large-scale illumination and soft shadows from a photograph, but not of the material's colours."""

from __future__ import annotations

import torch

from impasto.surface.blurring import blur

BLACK = 0.01  # added to luminance before its logarithm, so that black pixels do not count as deep shadow
WIDE = 1 / 10  # standard deviation of the blur that finds the light, relative to the picture's size
LIGHT_STOPS = 1.5  # about the largest deviation of the light either way; greater ones are attributed to the material


def srgb_to_linear(x: torch.Tensor) -> torch.Tensor:
    """sRGB-encoded values to linear ones (IEC 61966-2-1)."""
    return torch.where(x <= 0.04045, x / 12.92, ((x.clamp_min(0) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(x: torch.Tensor) -> torch.Tensor:
    """Linear values to sRGB-encoded ones (IEC 61966-2-1)."""
    return torch.where(x <= 0.0031308, x * 12.92, 1.055 * x.clamp_min(0) ** (1 / 2.4) - 0.055)


def luminance(rgb: torch.Tensor) -> torch.Tensor:
    """Rec. 709 luminance (H, W) of linear rgb (3, H, W)."""
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def delight(albedo: torch.Tensor, light: torch.Tensor, strength: float) -> torch.Tensor:
    """Linear rgb (3, H, W) with `strength` (0–1) of `light` (H, W, logarithmic) divided out, mean luminance kept."""
    flat = albedo * torch.exp(-strength * light)
    return (flat * (luminance(albedo).mean() / luminance(flat).mean().clamp_min(1e-6))).clamp(0, 1)


def illumination(rgb: torch.Tensor, size_px: float) -> torch.Tensor:
    """Natural logarithm, mean 0, (H, W), of the light on a surface, from linear rgb (3, H, W) of size `size_px`.

    Light is the slow variation of log-luminance that hue does not explain: if the darker parts of the material have
    another hue, hue predicts luminance at small scales, and the predicted part is not removed.
    """
    log_rgb = torch.log(rgb + BLACK)
    L = torch.log(luminance(rgb) + BLACK)
    C = torch.stack([log_rgb[0] - log_rgb[1], log_rgb[2] - log_rgb[1]])  # (2, H, W) chromaticity
    base = blur(torch.cat([L[None], C]), WIDE * size_px)  # (3, H, W)
    detail = (torch.cat([L[None], C]) - base).flatten(1)
    gram = detail[1:] @ detail[1:].T / L.numel() + 1e-3 * torch.eye(2, device=rgb.device)
    beta = torch.linalg.solve(gram, detail[1:] @ detail[0] / L.numel())  # (2,)
    S = base[0] - torch.einsum("c,chw->hw", beta, base[1:])
    limit = LIGHT_STOPS * 0.6931
    S = S - S.mean()
    return limit * torch.tanh(S / limit)
