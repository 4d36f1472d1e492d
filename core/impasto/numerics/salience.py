"""Salience: how far low-passed places of a picture stand out, as landmarks do that are seen again where it repeats."""

from __future__ import annotations

import numpy as np

LANDMARKS = (1 / 32, 1 / 16)
"""Deviations of the Gaussians whose extremes are landmarks, relative to the shorter side."""
LEAST_DEVIATION = 0.01
"""Deviation of a low-passed channel, relative to its own, below which nothing is salient."""


def circular_blur(picture: np.ndarray, deviation_px: float) -> np.ndarray:
    """Picture (H, W, C) after a circular Gaussian filter."""
    fy, fx = (np.fft.fftfreq(side) for side in picture.shape[:2])
    gain = np.exp(-2 * (np.pi * deviation_px) ** 2 * (fy[:, None] ** 2 + fx**2))
    return np.fft.ifft2(np.fft.fft2(picture, axes=(0, 1)) * gain[..., None], axes=(0, 1)).real


def in_deviations(smooth: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Salience (H, W) of each place: the largest of a low-passed picture's channels (H, W, C), in their σ (C,)."""
    return np.abs(smooth / np.maximum(sigma, LEAST_DEVIATION)).max(2)
