"""Visibility of the seam at the borders of pictures that should tile."""

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
