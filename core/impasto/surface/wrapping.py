"""Whether a picture wraps around: whether its opposite borders continue each other as columns inside do.

Windows of columns across the border are compared, by likelihood, with windows inside, and with windows whose halves
come from different places. All lie as JPEG's blocks do, whose steps are therefore expected at the border too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..texture import NORMAL_MAPS, Maps
from .color import luma

HALF_PX, BLOCK_PX = 4, 8
"""Columns of a window on either side, and distance of windows: that of JPEG's blocks."""
LEAST_PX, LEAST_BLOCKS = 16, 12
"""Side below which nothing is known, and blocks below which windows lie everywhere."""
MOST_LINES, MOST_WINDOWS = 256, 128
"""Lines and windows that are looked at."""
ROUNDING = 1e-5
"""Variance that is added to that of windows: of a picture of one colour nothing is known."""
FREEDOM = 3.0
"""Degrees of freedom of the t distribution of windows: few, as edges are rare and steep."""
LEAST_SPREAD = 0.02
MOST_EVIDENCE = 5.0
"""Limit of one map's evidence, as a joint may lie at its border."""
BOTH, ONE = 2.0, -2.0
"""Prior log odds of pictures that wrap around in both directions and in one, relative to those that do in none."""


def wraps(maps: Maps) -> tuple[bool, bool]:
    """Whether the maps continue across their (horizontal, vertical) borders: one decision for all of them.

    A picture in which no border could be seen, such as one of one colour, does.
    """
    down, across = (
        sum(_evidence(name, texture.pixels, axis) for name, texture in maps.items() if min(texture.size_px) >= LEAST_PX)
        for axis in (0, 1)
    )
    odds = {(True, True): down + across + BOTH, (True, False): down + ONE, (False, True): across + ONE}
    best = max(odds, key=lambda which: odds[which])
    return best if odds[best] > 0 else (False, False)


def _evidence(name: str, pixels: np.ndarray, axis: int) -> float:
    """Log odds that the borders of an axis of a map (H, W, C) continue each other, within `MOST_EVIDENCE`."""
    across = pixels if axis == 1 else pixels.swapaxes(0, 1)
    lines = across[:: max(1, len(across) // MOST_LINES)]
    if not np.isfinite(lines).all():
        return -MOST_EVIDENCE
    channels = [lines[..., 0], lines[..., 1]] if name in NORMAL_MAPS else [luma(lines)]
    odds = float(np.mean([_log_odds(np.ascontiguousarray(channel, np.float32)) for channel in channels]))
    return min(max(odds, -MOST_EVIDENCE), MOST_EVIDENCE)


def _log_odds(lines: np.ndarray) -> float:
    """Log odds that the last column of (H, W) continues in the first."""
    places = _places(lines.shape[1])
    left, right = _half(lines, places, -HALF_PX), _half(lines, places, 0)
    count = len(places)
    inside = _windows(left, right)
    others = [_windows(left, np.roll(right, shift, 1)) for shift in (count // 3, count // 2, count - count // 3)]
    apart = np.concatenate(others, 1)
    border = _windows(_half(lines, [0], -HALF_PX), _half(lines, [0], 0))
    models = _precision(inside), _precision(apart)
    continuous, cut = (_likelihood_ratio(windows, *models) for windows in (inside, apart))
    if continuous.mean() <= cut.mean():  # noise, in which no border is seen
        return 0.0
    found = np.clip(_likelihood_ratio(border, *models)[0], cut.mean(), continuous.mean())
    return float(_log_normal(found, continuous) - _log_normal(found, cut))


def _places(width: int) -> np.ndarray:
    """Columns at which the right halves of the windows inside begin."""
    step = BLOCK_PX if width >= LEAST_BLOCKS * BLOCK_PX else 1
    places = np.arange(BLOCK_PX if step > 1 else HALF_PX, width - HALF_PX + 1, step)
    return places[np.linspace(0, len(places) - 1, min(len(places), MOST_WINDOWS)).astype(int)]


def _half(lines: np.ndarray, places: Sequence[int] | np.ndarray, offset: int) -> np.ndarray:
    """Columns (H, N, HALF_PX) from an offset to places; left of the first is the last."""
    return lines[:, (np.asarray(places)[:, None] + offset + np.arange(HALF_PX)) % lines.shape[1]]


def _windows(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Windows (H, N, 2·HALF_PX) without their means."""
    windows = np.concatenate([left, right], -1)
    return windows - windows.mean(-1, keepdims=True)


def _precision(windows: np.ndarray) -> tuple[np.ndarray, float]:
    """Inverse and log determinant of the covariance of windows."""
    rows = windows.reshape(-1, windows.shape[-1]).astype(np.float64)
    covariance = rows.T @ rows / len(rows) + ROUNDING * np.eye(rows.shape[1])
    return np.linalg.inv(covariance).astype(np.float32), float(np.linalg.slogdet(covariance)[1])


def _likelihood_ratio(
    windows: np.ndarray, one: tuple[np.ndarray, float], other: tuple[np.ndarray, float]
) -> np.ndarray:
    """Mean log likelihood of the windows (H, N, P) at each place (N,) under one t distribution, less the other's."""
    likelihoods, rows = [], windows.reshape(-1, windows.shape[-1])  # one product: many small ones are slow
    for precision, log_determinant in (one, other):
        distance = np.einsum("np,np->n", rows @ precision, rows).reshape(windows.shape[:-1])
        power = 0.5 * (FREEDOM + windows.shape[-1])
        likelihoods.append(-power * np.log1p(distance / FREEDOM).mean(0) - 0.5 * log_determinant)
    return likelihoods[0] - likelihoods[1]


def _log_normal(x: float, sample: np.ndarray) -> float:
    """Log density of x, but for a constant, under a normal distribution with a sample's mean and deviation."""
    deviation = sample.std() + LEAST_SPREAD
    return float(-0.5 * ((x - sample.mean()) / deviation) ** 2 - np.log(deviation))
