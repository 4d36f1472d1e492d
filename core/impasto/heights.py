"""Height that agrees with the normal map, since trainers learn height and derive the normals from it.

Height in pixels is height · height_range_m / width_m · width in pixels; its central differences are the slopes.
"""

from __future__ import annotations

import numpy as np

STEEPEST_Z = 0.1
"""Normals that lie flatter count as this steep, so that no slope is above about 10."""


def slopes_from_normal(normal: np.ndarray) -> np.ndarray:
    """Slopes (H, W, 2) to the right and down the rows, from OpenGL normals (H, W, 3) encoded in [0, 1]."""
    x, y, z = np.moveaxis(2 * normal.astype(np.float32) - 1, 2, 0)
    z = np.maximum(z, STEEPEST_Z)
    return np.stack([-x / z, y / z], axis=2)


def normal_from_slopes(slopes: np.ndarray) -> np.ndarray:
    """OpenGL normals (H, W, 3) encoded in [0, 1], from slopes (H, W, 2) to the right and down the rows."""
    n = np.concatenate([-slopes[..., :1], slopes[..., 1:], np.ones_like(slopes[..., :1])], axis=2)
    return (0.5 + 0.5 * n / np.linalg.norm(n, axis=2, keepdims=True)).astype(np.float32)


def slopes_from_height(height_px: np.ndarray) -> np.ndarray:
    """Circular central differences (H, W, 2) of height (H, W) in pixels: to the right, and down the rows."""
    return np.stack([(np.roll(height_px, -1, axis) - np.roll(height_px, 1, axis)) / 2 for axis in (1, 0)], axis=2)


def integrate(slopes: np.ndarray, wraps: tuple[bool, bool] = (True, True)) -> np.ndarray:
    """Height (H, W) in pixels, mean 0, whose central differences fit slopes (H, W, 2) best (Frankot, Chellappa 1988).

    Where rows or columns do not wrap around, the surface is mirrored there. Departs from the paper at both ends of the
    spectrum: waves as long as the picture are halved, since 8-bit normals do not hold them, and those near two pixels
    are not amplified, though central differences hardly see them.
    """
    height, width = slopes.shape[:2]
    p, q = slopes[..., 0].astype(np.float64), slopes[..., 1].astype(np.float64)
    if not wraps[1]:
        p, q = np.concatenate([p, -p[:, ::-1]], 1), np.concatenate([q, q[:, ::-1]], 1)
    if not wraps[0]:
        p, q = np.concatenate([p, p[::-1]], 0), np.concatenate([q, -q[::-1]], 0)
    fx, fy = np.fft.rfftfreq(p.shape[1])[None], np.fft.fftfreq(p.shape[0])[:, None]  # cycles per pixel
    power = _power(fx) + _power(fy)
    spectrum = np.sin(2 * np.pi * fx) * np.fft.rfft2(p) + np.sin(2 * np.pi * fy) * np.fft.rfft2(q)
    waves = np.hypot(fx * width, fy * height)  # per picture
    high_pass = 1 - np.exp2(-np.square(waves))
    spectrum *= -1j * high_pass / np.maximum(power, 1e-12)
    return np.fft.irfft2(spectrum, s=p.shape)[:height, :width]


def _power(frequency: np.ndarray) -> np.ndarray:
    """Squared response of central differences, held at 1 above a quarter cycle per pixel, where it falls to 0 again."""
    return np.where(np.abs(frequency) < 0.25, np.square(np.sin(2 * np.pi * frequency)), 1.0)


def fit_scale(height: np.ndarray, slopes: np.ndarray) -> tuple[float, float]:
    """What height (H, W) must be multiplied with to have the slopes (H, W, 2), and the correlation of both's slopes."""
    found = slopes_from_height(height.astype(np.float64))
    energy = float((found * found).sum())
    product = float((found * slopes).sum())
    norm = np.sqrt(energy * float(np.square(slopes, dtype=np.float64).sum()))
    return product / max(energy, 1e-12), product / max(norm, 1e-12)


def height_for(
    normal: np.ndarray, own: np.ndarray | None, wraps: tuple[bool, bool], own_fits: float
) -> tuple[np.ndarray, float]:
    """Height (H, W, 1) in [0, 1] that agrees with normals (H, W, 3), and what it spans in pixels.

    It is the set's `own` height (H, W, 1) where the correlation of slopes is at least `own_fits`, else the integral.
    """
    slopes = slopes_from_normal(normal)
    if own is not None:
        scale, correlation = fit_scale(own[..., 0], slopes)
        if correlation >= own_fits:
            return own, scale
    height = integrate(slopes, wraps)
    low, span_px = height.min(), max(float(np.ptp(height)), 1e-3)
    return ((height - low) / span_px)[..., None].astype(np.float32), span_px
