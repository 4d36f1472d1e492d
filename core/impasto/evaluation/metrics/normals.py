"""Errors of normals by themselves, and beside the height of the same surface."""

from __future__ import annotations

import numpy as np

from ...surface.heights import slopes_from_height


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
    found = slopes_from_height(h) * (1, -1)  # OpenGL: +Y up
    scale = (wanted * found).sum() / max((found * found).sum(), 1e-12)
    derived = np.concatenate([-scale * found, np.ones_like(h)[..., None]], -1)
    derived /= np.linalg.norm(derived, axis=2, keepdims=True)
    lengths = np.maximum(np.linalg.norm(vectors, axis=2), 1e-6)
    cosines = (vectors * derived).sum(2) / lengths
    deviations = wanted - wanted.mean((0, 1)), found - found.mean((0, 1))
    norms = np.sqrt((deviations[0] ** 2).sum() * (deviations[1] ** 2).sum())
    correlation = (deviations[0] * deviations[1]).sum() / max(norms, 1e-12)
    return float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).mean()), float(correlation)
