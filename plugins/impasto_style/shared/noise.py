"""Noise in the colours of the styles, from which painting can start."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.context import Context

from .task import Region


def noise_start(picture: Tensor, sources: Sequence[Tensor], regions: Sequence[Region], context: Context) -> Tensor:
    """Noise (1, 3, H, W) in the mixed colours of each region's sources; the picture where nothing is painted."""
    noise = pink_noise(picture.shape[2], picture.shape[3], context)
    start = torch.zeros_like(picture)
    for region in regions:
        part = picture if region.weights[0] == 1 else _color_noise(noise, sources, region.weights)
        start += part if region.mask is None else region.mask * part
    return start.clamp(0, 1)


def pink_noise(height: int, width: int, context: Context) -> Tensor:
    """Seamless pink noise (1, 3, H, W) with mean 0, variance 1 and the same power in every octave."""
    spectrum = torch.fft.rfft2(context.noise(1, 3, height, width))
    rows, columns = torch.fft.fftfreq(height), torch.fft.rfftfreq(width)  # cycles per pixel
    frequency = torch.hypot(rows[:, None], columns[None]).to(spectrum.device)
    frequency[0, 0] = torch.inf
    noise = torch.fft.irfft2(spectrum / frequency, s=(height, width))
    return noise / noise.std(dim=(2, 3), keepdim=True)


def _color_noise(noise: Tensor, sources: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Noise with the mean and covariance of the weighted mix of the sources' colours."""
    used = [(source[0].flatten(1), weight) for source, weight in zip(sources, weights, strict=True) if weight]
    mean = torch.stack([weight * colors.mean(1) for colors, weight in used]).sum(0)  # (3,)
    second = torch.stack([weight * colors @ colors.T / colors.shape[1] for colors, weight in used]).sum(0)  # (3, 3)
    values, vectors = torch.linalg.eigh(second - torch.outer(mean, mean))
    root = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    return torch.einsum("ij,bjhw->bihw", root, noise) + mean[:, None, None]
