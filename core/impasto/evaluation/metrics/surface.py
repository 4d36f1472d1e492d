"""Metrics of a result alone: seams across its wrap, and consistency of its normals and height."""

from __future__ import annotations

import numpy as np

STREAK_PX = 9


def seam_z(pixels: np.ndarray) -> tuple[float, float]:
    """Visibility of the wrap as z-scores, across the left-right (x) and the top-bottom (y) border.

    The spike at a border is its mean |difference| minus the mean of its neighbours' on both sides; z compares it with
    the spikes of all interior columns (rows). Seamless: below 3 and above -4 (lower values mean a smeared border).
    """
    return _seam_z(pixels), _seam_z(pixels.swapaxes(0, 1))


def _seam_z(pixels: np.ndarray) -> float:
    """z-score across the wrap of axis 1."""
    steps = np.abs(np.roll(pixels, -1, 1) - pixels).mean((0, 2), dtype=np.float64)  # (W,); the last is the wrap
    spikes = steps - 0.5 * (np.roll(steps, 1) + np.roll(steps, -1))
    inside = spikes[1:-2]  # spikes that the wrap does not touch
    if len(inside) < 2:
        return 0.0
    return float((spikes[-1] - inside.mean()) / max(inside.std(), 1e-6))


def border_step(pixels: np.ndarray) -> tuple[float, float]:
    """Step across the left-right border of (H, W, C): relative to the 99th percentile of those inside, and itself.

    Mean |difference| of columns after averaging over `STREAK_PX` pixels along them, in which noise and the blocks of
    JPEG fade but a seam does not. A seamless map stays below 2, whatever its contrast.
    """
    streak = min(STREAK_PX, len(pixels))
    rows = len(pixels) // streak * streak
    streaks = pixels[:rows].reshape(-1, streak, *pixels.shape[1:]).mean(1)
    steps = np.abs(np.roll(streaks, -1, 1) - streaks).mean((0, 2), dtype=np.float64)
    return float(steps[-1] / max(np.quantile(steps[:-1], 0.99), 1e-6)), float(steps[-1])


def normal_length_error(normal: np.ndarray) -> float:
    """Mean deviation of normals (H, W, 3), encoded in [0, 1], from unit length; 0.003 from 8-bit rounding alone."""
    return float(np.abs(np.linalg.norm(normal.astype(np.float64) * 2 - 1, axis=2) - 1).mean())


def normal_height_consistency(normal: np.ndarray, height: np.ndarray) -> tuple[float, float]:
    """Normals (H, W, 3) against height (H, W, 1) on a torus: mean angle in degrees, and correlation of the slopes.

    Slopes by central differences, OpenGL (+Y up), at the one height scale that fits best.
    """
    vectors = normal.astype(np.float64) * 2 - 1
    wanted = -vectors[..., :2] / np.maximum(vectors[..., 2:], 0.05)  # dh/dx, dh/dy
    h = height[..., 0].astype(np.float64)
    found = np.stack([np.roll(h, -1, 1) - np.roll(h, 1, 1), np.roll(h, 1, 0) - np.roll(h, -1, 0)], -1) / 2
    scale = (wanted * found).sum() / max((found * found).sum(), 1e-12)
    derived = np.concatenate([-scale * found, np.ones_like(h)[..., None]], -1)
    derived /= np.linalg.norm(derived, axis=2, keepdims=True)
    lengths = np.maximum(np.linalg.norm(vectors, axis=2), 1e-6)
    cosines = (vectors * derived).sum(2) / lengths
    deviations = wanted - wanted.mean((0, 1)), found - found.mean((0, 1))
    norms = np.sqrt((deviations[0] ** 2).sum() * (deviations[1] ** 2).sum())
    correlation = (deviations[0] * deviations[1]).sum() / max(norms, 1e-12)
    return float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).mean()), float(correlation)
