"""Palettes as Gaussians in Oklab, and the linear optimal transport between them.

Pitié and Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .color import linear_to_oklab, linear_to_srgb, oklab_to_linear, srgb_to_linear

NOISE = 1e-4
"""Variance added to every palette, so that the noise of a grey picture is not amplified to colour."""
MEASURED_PX = 2**18
"""Approximate number of pixels for measuring a palette."""
BAND_PX = 2**14
"""Number of pixels converted at a time, few enough for the processor's cache: four times as fast."""
BISECTIONS = 7
ROUNDING = 1e-5
"""Tolerance of linear sRGB; a larger one would change the hue of near-black colours."""


@dataclass(frozen=True)
class Palette:
    """Mean (3,) and covariance (3, 3) of colours in Oklab."""

    mean: np.ndarray
    covariance: np.ndarray

    def after(self, move: Move) -> Palette:
        """Palette of colours after a move."""
        return Palette(self.mean @ move.matrix + move.offset, move.matrix.T @ self.covariance @ move.matrix)


@dataclass(frozen=True)
class Move:
    """An affine map of Oklab colours: colour @ matrix (3, 3) + offset (3,)."""

    matrix: np.ndarray
    offset: np.ndarray

    def of(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels (H, W, 3), sRGB in [0, 1], after the move of their colours."""
        return in_bands(lambda band: from_oklab(to_oklab(band) @ self.matrix + self.offset), pixels)


def palette_of(pixels: np.ndarray, weights: np.ndarray | None = None) -> Palette:
    """Palette of pixels (H, W, 3), sRGB in [0, 1]; weights (H, W, 1) are equal by default."""
    step = max(1, int((pixels.shape[0] * pixels.shape[1] / MEASURED_PX) ** 0.5))
    colors = to_oklab(pixels[::step, ::step]).reshape(-1, 3)
    w = np.ones(len(colors)) if weights is None else weights[::step, ::step].reshape(-1).astype(np.float64)
    w = w / max(w.sum(), 1e-9)
    mean = w @ colors
    return Palette(mean, ((colors - mean).T * w) @ (colors - mean))


def mix(palettes: Sequence[Palette], weights: Sequence[float]) -> Palette:
    """Palette of a mixture of palettes with weights of sum 1."""
    mean = np.sum([weight * palette.mean for palette, weight in zip(palettes, weights, strict=True)], axis=0)
    seconds = [palette.covariance + np.outer(palette.mean, palette.mean) for palette in palettes]
    second = np.sum([weight * moment for moment, weight in zip(seconds, weights, strict=True)], axis=0)
    return Palette(mean, second - np.outer(mean, mean))


def transport(source: Palette, target: Palette, share: float = 1.0) -> Move:
    """The linear optimal transport from one palette to another, or a fraction of it (Pitié & Kokaram 2007)."""
    noise = NOISE * np.eye(3)
    root = _root(source.covariance + noise)
    inverse = np.linalg.inv(root)
    full = inverse @ _root(root @ (target.covariance + noise) @ root) @ inverse
    matrix = (1 - share) * np.eye(3) + share * full
    mean = (1 - share) * source.mean + share * target.mean
    return Move(matrix, mean - source.mean @ matrix)


def _root(matrix: np.ndarray) -> np.ndarray:
    """The symmetric square root of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def to_oklab(pixels: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] (..., 3) to Oklab, float64."""
    return linear_to_oklab(srgb_to_linear(pixels)).astype(np.float64)


def from_oklab(colors: np.ndarray) -> np.ndarray:
    """Oklab (..., 3) to sRGB in [0, 1]; out-of-gamut colours keep lightness and hue, and lose chroma."""
    colors = np.concatenate([colors[..., :1].clip(0, 1), colors[..., 1:]], axis=-1)
    linear = oklab_to_linear(colors)
    outside = ~_is_in_gamut(linear)
    if outside.any():
        linear[outside] = oklab_to_linear(_with_less_chroma(colors[outside]))
    return linear_to_srgb(linear.clip(0, 1)).clip(0, 1)


def _with_less_chroma(colors: np.ndarray) -> np.ndarray:
    """Oklab colours (n, 3) with their chroma reduced to the gamut of sRGB."""
    low, high = np.zeros((len(colors), 1)), np.ones((len(colors), 1))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        paler = colors * np.concatenate([np.ones_like(middle), middle, middle], 1)
        is_inside = _is_in_gamut(oklab_to_linear(paler))[:, None]
        low, high = np.where(is_inside, middle, low), np.where(is_inside, high, middle)
    return colors * np.concatenate([np.ones_like(low), low, low], 1)


def _is_in_gamut(linear: np.ndarray) -> np.ndarray:
    """Whether linear sRGB (..., 3) is within [0, 1], up to rounding."""
    return np.all((linear > -ROUNDING) & (linear < 1 + ROUNDING), axis=-1)


def in_bands(function: Callable[..., np.ndarray], *pictures: np.ndarray) -> np.ndarray:
    """A pixelwise function of pictures (H, W, C), evaluated in bands of rows."""
    height, width = pictures[0].shape[:2]
    rows = max(1, BAND_PX // width)
    parts = [function(*(picture[top : top + rows] for picture in pictures)) for top in range(0, height, rows)]
    return np.concatenate(parts).astype(np.float32, copy=False)
