"""Weighted squared differences of windows and a picture at all of its places, by Fourier transforms.

Σ w (T − S)² = Σ w T² − 2 (w T) ⋆ S + w ⋆ S², with ⋆ the cross-correlation.
"""

from __future__ import annotations

import torch
from scipy.fft import next_fast_len
from torch.fft import irfft2, rfft2
from torch.nn.functional import avg_pool2d

Size = tuple[int, ...]


def spectra_of(features: torch.Tensor, size_px: Size) -> torch.Tensor:
    """Spectra (C + 1, H, W // 2 + 1) of features (C, h, w) and of the sum of their squares, padded to a size (H, W)."""
    return rfft2(torch.cat([features, features.square().sum(0, keepdim=True)]), s=size_px)


def window_kernels(windows: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Kernels (W, C + 1, s, t) for `spectra_of`: -2 w T and w, of windows (W, C, s, t) and their weights (W, s, t)."""
    return torch.cat([-2 * weights[:, None] * windows, weights[:, None]], 1)


def correlations(spectra: torch.Tensor, kernels: torch.Tensor, size_px: Size) -> torch.Tensor:
    """Cross-correlation (W, H, W) of each window's kernels (W, K, s, t) with K pictures, summed over these."""
    return irfft2((spectra * rfft2(kernels, s=size_px).conj()).sum(1), s=size_px)


class BlockSpectra:
    """Features (C, h, w) of the source, reduced by `scale`, and their Fourier transforms."""

    def __init__(self, features: torch.Tensor, scale: int) -> None:
        self.scale = scale
        self.features = avg_pool2d(features[None], scale)[0] if scale > 1 else features  # (C, h/s, w/s)
        height, width = self.features.shape[1:]
        self.size_px = next_fast_len(height, real=True), next_fast_len(width, real=True)
        self.spectra = spectra_of(self.features, self.size_px)

    def differences(self, template: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Mean squared differences (h/s-b+1, w/s-d+1) of template (C, b, d) under mask (b, d), at all positions."""
        block_height, block_width = mask.shape
        (correlation,) = correlations(self.spectra, window_kernels(template[None], mask[None]), self.size_px)
        height, width = self.features.shape[1:]
        valid = correlation[: height - block_height + 1, : width - block_width + 1]
        return ((valid + (template * mask * template).sum()) / mask.sum()).clamp(min=0)
