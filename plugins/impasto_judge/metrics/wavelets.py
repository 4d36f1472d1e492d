"""Joint statistics of log-Gabor wavelet magnitudes, which no training here optimises.

After Portilla & Simoncelli (2000), who describe textures by joint statistics of complex wavelet magnitudes; here these
are compared as Gaussians (Fréchet distance). Nothing is learned, and only the sampled positions are random.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .patches import Pictures, as_list

if TYPE_CHECKING:
    import torch

WAVELENGTHS_PX = (3.0, 6.0, 12.0, 24.0)
ORIENTATIONS = 4
SAMPLES = 16384
BANDWIDTH = 0.55
"""Deviation of a log-Gabor filter over its frequency: about two octaves (Field 1987)."""


def wavelet_distance(a: Pictures, b: Pictures) -> float:
    """Fréchet distance between the log-Gabor magnitudes of a and b, at equal texel size.

    Features are the magnitudes at 4 scales x 4 orientations of each channel, at a position and one wavelength to the
    right and below, divided by b's standard deviations. 0 if equal; two crops of one surface give the floor.
    """
    rng = np.random.default_rng(0)
    found, wanted = (_features(side, rng) for side in (a, b))
    deviation = np.maximum(wanted.std(0), 1e-6)
    return _frechet_distance(found / deviation, wanted / deviation)


def _features(pictures: Pictures, rng: np.random.Generator) -> np.ndarray:
    """Magnitudes (SAMPLES, C x 48) at random positions in the pictures, away from the borders."""
    known = as_list(pictures)
    share = max(1, SAMPLES // len(known))
    return np.concatenate([_magnitudes(picture, share, rng) for picture in known]).astype(np.float64)


def _magnitudes(picture: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    import torch
    from torch.fft import fft2, ifft2

    height, width, _ = picture.shape
    margin = min(int(WAVELENGTHS_PX[-1]), (min(height, width) - 1) // 3)
    y, x = (torch.from_numpy(rng.integers(margin, side - margin, count)) for side in (height, width))
    place = y * width + x
    spectrum = fft2(torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32)))  # (C, H, W)
    features = []
    for wavelength in WAVELENGTHS_PX:
        lag = min(round(wavelength), margin)
        for orientation in range(ORIENTATIONS):
            kernel = log_gabor(height, width, wavelength, np.pi * orientation / ORIENTATIONS)
            magnitude = ifft2(spectrum * kernel).abs().flatten(1)
            features += [magnitude.index_select(1, place + shift) for shift in (0, lag, lag * width)]
    return torch.cat(features).T.numpy()


def log_gabor(height: int, width: int, wavelength_px: float, angle: float) -> torch.Tensor:
    """Transfer function (H, W) of a one-sided log-Gabor filter (Field 1987): its responses are complex."""
    import torch

    fy, fx = torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)[None]
    frequency = torch.hypot(fy, fx).clamp(min=1e-9)
    turned = torch.remainder(torch.atan2(fy, fx) - angle + np.pi, 2 * np.pi) - np.pi
    radial = torch.exp(-(torch.log(frequency * wavelength_px) ** 2) / (2 * np.log(BANDWIDTH) ** 2))
    return radial * torch.exp(-(turned**2) / (2 * (0.6 * np.pi / ORIENTATIONS) ** 2))


def _frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Wasserstein-2 distance, per feature, between the Gaussians with the moments of a and b (n, d)."""
    d = a.shape[1]
    C_a, C_b = (np.cov(features, rowvar=False).reshape(d, d) for features in (a, b))
    values, vectors = np.linalg.eigh(C_b)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ C_a @ root), 0)).sum()
    squared = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(C_a) + np.trace(C_b) - 2 * cross
    return float(np.sqrt(max(squared, 0.0) / d))
