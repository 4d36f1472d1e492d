"""Detection of seamless pictures, whose opposite borders continue each other as neighbouring columns inside do.

Windows of columns across the border are compared, by likelihood, with windows inside, and with windows whose halves
come from different places. All are aligned with the blocks of JPEG, so that steps between blocks are expected at the
border too. The seam of a picture that should be seamless is measured by its step relative to steps inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from ..texture import NORMAL_MAPS, Maps
from .color import luma

HALF_PX, BLOCK_PX = 4, 8
"""Columns of a window on either side, and distance between windows, which is that of JPEG's blocks."""
LEAST_PX, LEAST_BLOCKS = 16, 12
"""Least side for a decision, and number of blocks below which windows start at every column."""
MOST_LINES, MOST_WINDOWS = 256, 128
"""Most lines and windows that are compared."""
ROUNDING = 1e-5
"""Variance added to that of windows, for pictures of one colour."""
FREEDOM = 3.0
"""Degrees of freedom of the t distribution of windows, which are few because edges are rare and steep."""
LEAST_SPREAD = 0.02
MOST_EVIDENCE, CLEAR = 5.0, 1.0
"""Largest evidence of one map, since a joint may lie at its border, and that above which the base colour decides."""
MOST_KNOWN = 256
"""Size of the cache of evidence, in axes of maps: tools of a stack examine the same maps again and again."""
BOTH, ONE = 2.0, -2.0
"""Prior log odds of pictures that wrap around in both directions, and in one, relative to those that do in none."""
_evidence_cache: dict[bytes, float] = {}
STREAK_PX = 9


def wraps(maps: Maps) -> tuple[bool, bool]:
    """Whether the maps continue across their (horizontal, vertical) borders, decided for all of them together.

    A picture without visible borders, such as one with a single colour, continues. A base colour that clearly continues
    decides alone, since other maps are often cut or compressed with less care.
    """
    seen = {name: texture.pixels for name, texture in maps.items() if min(texture.size_px) >= LEAST_PX}
    if "base_color" in seen and min(_evidence("base_color", seen["base_color"], axis) for axis in (0, 1)) > CLEAR:
        return True, True
    down, across = (sum(_evidence(name, pixels, axis) for name, pixels in seen.items()) for axis in (0, 1))
    return _decision(down, across)


def _decision(down: float, across: float) -> tuple[bool, bool]:
    """The most likely case from the evidence for each direction: wrapping in both directions, in one, or in none."""
    odds = {(True, True): down + across + BOTH, (True, False): down + ONE, (False, True): across + ONE}
    best = max(odds, key=lambda which: odds[which])
    return best if odds[best] > 0 else (False, False)


def _evidence(name: str, pixels: np.ndarray, axis: int) -> float:
    """Log odds that the borders of an axis of a map (H, W, C) continue each other, within `MOST_EVIDENCE`."""
    across = pixels if axis == 1 else pixels.swapaxes(0, 1)
    lines = np.ascontiguousarray(across[:: max(1, len(across) // MOST_LINES)])
    key = sha256(repr((name in NORMAL_MAPS, lines.shape, lines.dtype)).encode() + lines.data).digest()
    if (odds := _evidence_cache.get(key)) is None:
        odds = _evidence_cache[key] = _evidence_of_lines(lines, name in NORMAL_MAPS)
        for oldest in list(_evidence_cache)[:-MOST_KNOWN]:
            _evidence_cache.pop(oldest, None)  # other threads use it too
    return odds


def _evidence_of_lines(lines: np.ndarray, are_normals: bool) -> float:
    """Log odds that the last column of lines (H, W, C) continues in the first, within `MOST_EVIDENCE`."""
    if not np.isfinite(lines).all():
        return -MOST_EVIDENCE
    channels = [lines[..., 0], lines[..., 1]] if are_normals else [luma(lines)]
    odds = float(np.mean([_log_odds(np.ascontiguousarray(channel, np.float32)) for channel in channels]))
    return min(max(odds, -MOST_EVIDENCE), MOST_EVIDENCE)


def _log_odds(lines: np.ndarray) -> float:
    """Log odds that the last column of (H, W) continues in the first."""
    if lines.min() == lines.max():
        return 0.0
    columns = np.ascontiguousarray(lines.T)
    places = _places(len(columns))
    left, right = _halves(columns, places, -HALF_PX), _halves(columns, places, 0)
    shifts = (0, len(places) // 3, len(places) // 2, len(places) - len(places) // 3)
    windows = _windows(left[:, None], np.stack([np.roll(right, shift, 1) for shift in shifts], 1))
    covariances = [_covariance(one) for one in windows.swapaxes(0, 1)]
    models = _precision(covariances[0]), _precision(np.mean(covariances[1:], 0))
    ratios = _likelihood_ratio(windows, *models)
    continuous, cut = ratios[0], ratios[1:]
    if continuous.mean() <= cut.mean():  # noise, in which no border is visible
        return 0.0
    border = _windows(_halves(columns, [0], -HALF_PX), _halves(columns, [0], 0))
    found = np.clip(_likelihood_ratio(border, *models)[0], cut.mean(), continuous.mean())
    return float(_log_normal(found, continuous) - _log_normal(found, cut))


def _places(width: int) -> np.ndarray:
    """Columns at which the right halves of the windows inside begin."""
    step = BLOCK_PX if width >= LEAST_BLOCKS * BLOCK_PX else 1
    places = np.arange(BLOCK_PX if step > 1 else HALF_PX, width - HALF_PX + 1, step)
    return places[np.linspace(0, len(places) - 1, min(len(places), MOST_WINDOWS)).astype(int)]


def _halves(columns: np.ndarray, places: Sequence[int] | np.ndarray, offset: int) -> np.ndarray:
    """Columns (HALF_PX, N, H) of (W, H), from an offset to each of N places; they wrap around."""
    return columns[(np.asarray(places) + offset + np.arange(HALF_PX)[:, None]) % len(columns)]


def _windows(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Windows (P = 2·HALF_PX, ..., H) without their means, from halves (HALF_PX, ..., H)."""
    windows = np.concatenate([np.broadcast_to(left, right.shape), right])
    windows -= windows.mean(0)
    return windows


def _covariance(windows: np.ndarray) -> np.ndarray:
    """Covariance (P, P) of windows (P, N, H), in double precision."""
    pixels = windows.reshape(len(windows), -1).astype(np.float64)
    return pixels @ pixels.T / pixels.shape[1]


def _precision(covariance: np.ndarray) -> tuple[np.ndarray, float]:
    """Inverse and log determinant of a covariance."""
    covariance = covariance + ROUNDING * np.eye(len(covariance))
    return np.linalg.inv(covariance).astype(np.float32), float(np.linalg.slogdet(covariance)[1])


def _likelihood_ratio(
    windows: np.ndarray, one: tuple[np.ndarray, float], other: tuple[np.ndarray, float]
) -> np.ndarray:
    """Mean log likelihood of windows (P, ..., H) at each place (...) under one t distribution, relative to another."""
    likelihoods, pixels = [], windows.reshape(len(windows), -1)
    for precision, log_determinant in (one, other):
        distance = np.einsum("pn,pn->n", precision @ pixels, pixels).reshape(windows.shape[1:])
        power = 0.5 * (FREEDOM + len(windows))
        likelihoods.append(-power * np.log(1 + distance / FREEDOM).mean(-1) - 0.5 * log_determinant)
    return likelihoods[0] - likelihoods[1]


def _log_normal(x: float, sample: np.ndarray) -> float:
    """Log density of x, up to a constant, of the normal distribution with the mean and deviation of a sample."""
    deviation = sample.std() + LEAST_SPREAD
    return float(-0.5 * ((x - sample.mean()) / deviation) ** 2 - np.log(deviation))


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

    Mean |difference| of columns after averaging over `STREAK_PX` pixels along them, which reduces noise and the blocks
    of JPEG, but no seam. A seamless map stays below 2 for any contrast.
    """
    streak = min(STREAK_PX, len(pixels))
    rows = len(pixels) // streak * streak
    streaks = pixels[:rows].reshape(-1, streak, *pixels.shape[1:]).mean(1)
    steps = np.abs(np.roll(streaks, -1, 1) - streaks).mean((0, 2), dtype=np.float64)
    return float(steps[-1] / max(np.quantile(steps[:-1], 0.99), 1e-6)), float(steps[-1])
