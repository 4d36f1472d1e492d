"""Sums of squared differences between a partly known block and the source at all positions, by FFT."""

from __future__ import annotations

import torch
from scipy.fft import next_fast_len
from torch.fft import irfft2, rfft2
from torch.nn.functional import avg_pool2d


class BlockSpectra:
    """Features (C, h, w) of the source, reduced by `scale`, and their Fourier transforms."""

    def __init__(self, features: torch.Tensor, scale: int) -> None:
        self.scale = scale
        self.features = avg_pool2d(features[None], scale)[0] if scale > 1 else features  # (C, h/s, w/s)
        self.size = tuple(next_fast_len(length, real=True) for length in self.features.shape[1:])
        self.spectrum = rfft2(self.features, s=self.size)
        self.square_spectrum = rfft2((self.features**2).sum(0), s=self.size)

    def differences(self, template: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Mean squared differences (h/s-b+1, w/s-d+1) of template (C, b, d) under mask (b, d), at all positions.

        sum m (T - S)^2 = sum m T^2 - 2 (m T) * S + m * S^2, with * the cross-correlation.
        """
        block_height, block_width = mask.shape
        masked = template * mask
        stack = rfft2(torch.cat([-2 * masked, mask[None]]), s=self.size).conj()
        spectra = torch.cat([self.spectrum, self.square_spectrum[None]])
        correlation = irfft2((stack * spectra).sum(0), s=self.size)
        height, width = self.features.shape[1:]
        valid = correlation[: height - block_height + 1, : width - block_width + 1]
        return ((valid + (masked * template).sum()) / mask.sum()).clamp(min=0)
