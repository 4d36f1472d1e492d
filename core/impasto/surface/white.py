"""White balance: colour of light from its temperature, and chromatic adaptation from one colour to another."""

from __future__ import annotations

import numpy as np

SRGB_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
TO_CONES = BRADFORD @ SRGB_TO_XYZ
LEAST_CONES = 1e-4
D65_K = 6500.0
TINT_UV = 0.03
"""Distance from the locus, in u and v of CIE 1960, at the largest tint."""


def adaptation(temperature_k: float, tint: float) -> np.ndarray:
    """Matrix (3, 3) for linear sRGB that makes light of this temperature white (von Kries, in Bradford's cones).

    tint: -1 to 1; above 0, green light becomes white, so the picture turns magenta. The identity at 6500 K and tint 0.
    """
    from_, to = (BRADFORD @ xyz for xyz in (_white(temperature_k, tint), _white(D65_K, 0.0)))
    matrix = _scaling(to / from_)
    return matrix / (matrix.sum(1) @ SRGB_TO_XYZ[1])  # white keeps its luminance


def adaptation_between(color: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Matrix (3, 3) of linear sRGB that maps one linear colour (3,) to another (von Kries, in Bradford's cones)."""
    from_, to = (np.maximum(TO_CONES @ np.asarray(one, np.float64), LEAST_CONES) for one in (color, wanted))
    return _scaling(to / from_)


def _scaling(gains: np.ndarray) -> np.ndarray:
    """Matrix (3, 3) of linear sRGB that multiplies the cones' responses by `gains` (3,)."""
    return np.linalg.inv(TO_CONES) @ np.diag(gains) @ TO_CONES


def _white(temperature_k: float, tint: float) -> np.ndarray:
    """XYZ with Y = 1 of a black body, moved off the locus by the tint: towards green above 0."""
    along = _locus(0.99 * temperature_k) - _locus(1.01 * temperature_k)
    across = np.array([-along[1], along[0]]) / np.linalg.norm(along)
    u, v = _locus(temperature_k) + TINT_UV * tint * across
    x, y = np.array([3 * u, 2 * v]) / (2 * u - 8 * v + 4)
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _locus(t: float) -> np.ndarray:
    """Chromaticity (u, v) of CIE 1960 of a black body at t kelvin (Krystek 1985)."""
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) / (1 + 8.42420235e-4 * t + 7.08145163e-7 * t * t)
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) / (1 - 2.89741816e-5 * t + 1.61456053e-7 * t * t)
    return np.array([u, v])
