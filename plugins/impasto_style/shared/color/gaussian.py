"""Palettes, as Gaussians in Oklab, and the linear map that moves one to another with the least change of colours.

Pitié and Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from impasto.surface.color import linear_to_oklab, linear_to_srgb, oklab_to_linear, srgb_to_linear

NOISE = 1e-4
"""Variance that every palette has at least, so that a grey picture's noise is not made colour."""
MEASURED_PX = 2**18
"""About so many pixels are looked at to measure a palette."""
BAND_PX = 2**14
"""Pixels that are converted at a time: they stay in the processor's cache, which makes it four times as fast."""
BISECTIONS = 7
ROUNDING = 1e-5
"""Of linear sRGB: more would turn the hue of what is almost black."""


@dataclass(frozen=True)
class Palette:
    """Mean (3,) and covariance (3, 3) of colours in Oklab."""

    mean: np.ndarray
    covariance: np.ndarray

    def moved(self, move: Move) -> Palette:
        """The palette of the moved colours."""
        return Palette(self.mean @ move.matrix + move.offset, move.matrix.T @ self.covariance @ move.matrix)


@dataclass(frozen=True)
class Move:
    """Colours in Oklab become colour @ matrix (3, 3) + offset (3,)."""

    matrix: np.ndarray
    offset: np.ndarray

    def of(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels (H, W, 3), sRGB in [0, 1], with moved colours."""
        return in_bands(lambda band: from_oklab(to_oklab(band) @ self.matrix + self.offset), pixels)


def palette_of(pixels: np.ndarray, weights: np.ndarray | None = None) -> Palette:
    """The palette of (H, W, 3), sRGB in [0, 1]; a pixel counts as much as its weight (H, W, 1), without any all do."""
    step = max(1, int((pixels.shape[0] * pixels.shape[1] / MEASURED_PX) ** 0.5))
    colors = to_oklab(pixels[::step, ::step]).reshape(-1, 3)
    shares = np.ones(len(colors)) if weights is None else weights[::step, ::step].reshape(-1).astype(np.float64)
    shares = shares / max(shares.sum(), 1e-9)
    mean = shares @ colors
    return Palette(mean, ((colors - mean).T * shares) @ (colors - mean))


def mixed(palettes: Sequence[Palette], shares: Sequence[float]) -> Palette:
    """The palette of a picture of which these shares (their sum is 1) have these palettes."""
    mean = np.sum([share * palette.mean for palette, share in zip(palettes, shares, strict=True)], axis=0)
    seconds = [palette.covariance + np.outer(palette.mean, palette.mean) for palette in palettes]
    second = np.sum([share * moment for moment, share in zip(seconds, shares, strict=True)], axis=0)
    return Palette(mean, second - np.outer(mean, mean))


def transport(source: Palette, target: Palette, share: float = 1.0) -> Move:
    """The linear map of least cost from one palette to another, or a share of the way (Pitié & Kokaram 2007)."""
    noise = NOISE * np.eye(3)
    root = _root(source.covariance + noise)
    inverse = np.linalg.inv(root)
    whole = inverse @ _root(root @ (target.covariance + noise) @ root) @ inverse
    matrix = (1 - share) * np.eye(3) + share * whole
    mean = (1 - share) * source.mean + share * target.mean
    return Move(matrix, mean - source.mean @ matrix)


def _root(matrix: np.ndarray) -> np.ndarray:
    """The symmetric root of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def to_oklab(pixels: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] (..., 3) to Oklab, float64."""
    return linear_to_oklab(srgb_to_linear(pixels)).astype(np.float64)


def from_oklab(colors: np.ndarray) -> np.ndarray:
    """Oklab (..., 3) to sRGB in [0, 1]; what sRGB cannot show keeps lightness and hue, and what chroma it can."""
    colors = np.concatenate([colors[..., :1].clip(0, 1), colors[..., 1:]], axis=-1)
    linear = oklab_to_linear(colors)
    outside = ~_is_shown(linear)
    if outside.any():
        linear[outside] = oklab_to_linear(_with_less_chroma(colors[outside]))
    return linear_to_srgb(linear.clip(0, 1)).clip(0, 1)


def _with_less_chroma(colors: np.ndarray) -> np.ndarray:
    """Oklab colours (n, 3) with the most chroma that sRGB shows."""
    low, high = np.zeros((len(colors), 1)), np.ones((len(colors), 1))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        shown = _is_shown(oklab_to_linear(colors * np.concatenate([np.ones_like(middle), middle, middle], 1)))[:, None]
        low, high = np.where(shown, middle, low), np.where(shown, high, middle)
    return colors * np.concatenate([np.ones_like(low), low, low], 1)


def _is_shown(linear: np.ndarray) -> np.ndarray:
    """Whether linear sRGB (..., 3) is within [0, 1], up to rounding."""
    return np.all((linear > -ROUNDING) & (linear < 1 + ROUNDING), axis=-1)


def in_bands(function: Callable[..., np.ndarray], *pictures: np.ndarray) -> np.ndarray:
    """A function of the pixels of pictures (H, W, C), in bands of rows."""
    height, width = pictures[0].shape[:2]
    rows = max(1, BAND_PX // width)
    parts = [function(*(picture[top : top + rows] for picture in pictures)) for top in range(0, height, rows)]
    return np.concatenate(parts).astype(np.float32, copy=False)
