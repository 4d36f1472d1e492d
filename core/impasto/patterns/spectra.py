"""Weighted squared differences between windows and a picture at all positions, by Fourier transforms.

Σ w (T − S)² = Σ w T² − 2 (w T) ⋆ S + w ⋆ S², with ⋆ the cross-correlation.
"""

from __future__ import annotations

import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.fft import irfft2, rfft2
from torch.nn.functional import avg_pool2d

from .holes import HoleLevel

Size = tuple[int, ...]
APART_PX = 2
"""Least distance between the best places of a window, which would otherwise almost coincide."""
NEARLY_BEST = 1.02
"""Ratio of the costs of two places below which chance decides."""


def spectra_of(features: Tensor, size_px: Size) -> Tensor:
    """Spectra (C + 1, H, W // 2 + 1) of features (C, h, w) and of the sum of their squares, padded to a size (H, W)."""
    return rfft2(torch.cat([features, features.square().sum(0, keepdim=True)]), s=size_px)


def window_kernels(windows: Tensor, weights: Tensor) -> Tensor:
    """Kernels (W, C + 1, s, t) for `spectra_of`: -2 w T and w, of windows (W, C, s, t) and their weights (W, s, t)."""
    return torch.cat([-2 * weights[:, None] * windows, weights[:, None]], 1)


def correlations(spectra: Tensor, kernels: Tensor, size_px: Size) -> Tensor:
    """Cross-correlation (W, H, W) of each window's kernels (W, K, s, t) with K pictures, summed over these."""
    return irfft2((spectra * rfft2(kernels, s=size_px).conj()).sum(1), s=size_px)


class BlockSpectra:
    """Features (C, h, w) of the source, reduced by `scale`, and their Fourier transforms."""

    def __init__(self, features: Tensor, scale: int) -> None:
        self.scale = scale
        self.features = avg_pool2d(features[None], scale)[0] if scale > 1 else features  # (C, h/s, w/s)
        height, width = self.features.shape[1:]
        self.size_px = next_fast_len(height, real=True), next_fast_len(width, real=True)
        self.spectra = spectra_of(self.features, self.size_px)

    def differences(self, template: Tensor, mask: Tensor) -> Tensor:
        """Mean squared differences (h/s-b+1, w/s-d+1) of template (C, b, d) under mask (b, d), at all positions."""
        block_height, block_width = mask.shape
        (correlation,) = correlations(self.spectra, window_kernels(template[None], mask[None]), self.size_px)
        height, width = self.features.shape[1:]
        valid = correlation[: height - block_height + 1, : width - block_width + 1]
        return ((valid + (template * mask * template).sum()) / mask.sum()).clamp(min=0)


class WindowSearch:
    """Search in features (P, C) of a level, which are 0 in holes, for windows with at most this side."""

    def __init__(self, level: HoleLevel, features: Tensor, side_px: int, generator: torch.Generator) -> None:
        self.level, self.grid, self.generator = level, level.grid, generator
        self.size_px = tuple(
            length if wraps else next_fast_len(length + side_px, real=True)
            for length, wraps in zip(self.grid.size, self.grid.wraps, strict=True)
        )
        self.spectra = spectra_of(self.grid.image(features).permute(2, 0, 1), self.size_px)
        self.refused: dict[int | None, Tensor] = {}

    def best(self, windows: Tensor, weights: Tensor, missing: Tensor, kind: Tensor | None, count: int) -> Tensor:
        """Best places (W, count, 2) for the corners of windows (W, C, s, s), compared with weights (W, s, s).

        missing: (W, s, s), cost of each pixel that a place cannot fill. kind: (W, s, s), required kinds of pixels.
        """
        kinds = [None] if kind is None else kind[missing > 0].unique().tolist()
        masks = [missing if one is None else missing * (kind == one) for one in kinds]
        kernels = torch.cat([window_kernels(windows, weights), *(mask[:, None] for mask in masks)], 1)
        spectra = torch.cat([self.spectra, *(self._exclusion_spectrum(one)[None] for one in kinds)])
        costs = correlations(spectra, kernels, self.size_px)
        costs += (weights * windows.square().sum(1)).sum((1, 2))[:, None, None]
        chance = torch.rand(self.size_px, generator=self.generator).to(costs.device)
        costs *= 1 + (NEARLY_BEST - 1) * chance
        return self._lowest(costs, count)

    def _lowest(self, costs: Tensor, count: int) -> Tensor:
        """Places (W, count, 2) with the least costs (W, y, x), at a distance from each other; some are negative."""
        near = torch.arange(-APART_PX, APART_PX + 1, device=costs.device)
        window = torch.arange(len(costs), device=costs.device)
        found = []
        for _ in range(count):
            place = costs.flatten(1).argmin(1)
            y, x = place // self.size_px[1], place % self.size_px[1]
            rows, columns = (y[:, None] + near) % self.size_px[0], (x[:, None] + near) % self.size_px[1]
            costs[window[:, None, None], rows[:, :, None], columns[:, None]] = torch.inf
            found.append(torch.stack([self._signed_offset(y, 0), self._signed_offset(x, 1)], 1))
        return torch.stack(found, 1)

    def _signed_offset(self, position: Tensor, axis: int) -> Tensor:
        return torch.where(position >= self.grid.size[axis], position - self.size_px[axis], position)

    def _exclusion_spectrum(self, kind: int | None) -> Tensor:
        """Spectrum of the mask of pixels that are not of a kind, or must not be taken."""
        if kind not in self.refused:
            usable = self.level.source >= 0
            if kind is not None and self.level.kind is not None:
                usable = usable & (self.level.kind == kind)
            refused = torch.ones(self.size_px, device=usable.device)
            refused[: self.grid.size[0], : self.grid.size[1]] = (~self.grid.image(usable)).float()
            self.refused[kind] = rfft2(refused)
        return self.refused[kind]
