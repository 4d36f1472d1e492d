"""Sign of the green channel of a normal map: OpenGL (+Y up) or DirectX (+Y down), from evidence in the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .heights import slopes_from_height

Sign = Literal["opengl", "directx"]
SHRINKS = (1, 2, 4)
"""Factors by which slopes are reduced for comparison; noise of JPEG and 8 bits is strongest at 1."""
BLOCKS = 8
LEAST_T, LEAST_R = 5.0, 0.04
"""Least evidence: mean divided by its standard error, and correlation; independent noise reaches 3 and 0.01."""
HEIGHT_FITS = 0.2
"""Least correlation with the slopes of a height, along x and y, for the height to decide."""
CLEAR_R = 0.7
"""Correlation that is sufficient alone, for pictures that are too small for statistics."""
SURE_T, SURE_R, SURE_PX = 4.0, 0.1, 64
"""Least evidence at every scale, all of one sign, and least side, at which a map may be converted without asking."""
FLAT_SLOPE = 1e-3
"""Standard deviation of slopes below which a surface is flat."""
SHORTEST = 1e-3
"""Length of a vector below which it has no direction."""


@dataclass(frozen=True)
class Orientation:
    """The sign, None if both fit equally, and its evidence.

    correlation: −1 to 1, above 0 for OpenGL; of mixed derivatives, or with the slopes of a height. confidence: 0 to 1.
    by: source of the evidence. is_sure: a height decides, or all scales agree, so that artefacts of compression and
    scaling cannot be the reason.
    """

    sign: Sign | None
    correlation: float
    confidence: float
    by: Literal["height", "curl", "flat"]
    is_sure: bool = False


def orientation(slopes: np.ndarray, height: np.ndarray | None = None) -> Orientation:
    """Sign of normals from their slopes (H, W, 2) (see `heights.slopes_from_normal`), which were read as OpenGL.

    height: (H, W) of the same surface, at any scale; it decides if it fits, else the integrability of the slopes.
    """
    if is_flat(slopes):
        return Orientation(None, 0.0, 0.0, "flat")
    if height is not None:
        along_x, along_y = height_correlations(slopes, height)
        if along_x >= HEIGHT_FITS and abs(along_y) >= HEIGHT_FITS:
            return Orientation(_sign_of(along_y), along_y, min(along_x, abs(along_y)) ** 0.5, "height", True)
    return _by_curl(slopes)


def is_flat(slopes: np.ndarray) -> bool:
    """Whether slopes (H, W, 2) are the same everywhere: flat normals in 8 bits have slopes other than 0."""
    return float(slopes.std((0, 1)).max()) < FLAT_SLOPE


def height_correlations(slopes: np.ndarray, height: np.ndarray) -> tuple[float, float]:
    """Correlation of slopes (H, W, 2) with those of a height (H, W): to the right, and down the rows."""
    found = slopes_from_height(height.astype(np.float64))
    inner = (slice(1, -1), slice(1, -1)) if min(height.shape) > 4 else (slice(None), slice(None))
    slopes, found = slopes[inner].astype(np.float64), found[inner]
    norms = np.sqrt(np.square(slopes).sum((0, 1)) * np.square(found).sum((0, 1)))
    along_x, along_y = (slopes * found).sum((0, 1)) / np.maximum(norms, 1e-12)
    return float(along_x), float(along_y)


def _by_curl(slopes: np.ndarray) -> Orientation:
    """The sign for which ∂p/∂y = ∂q/∂x, as for the slopes of any height (Schwarz's theorem)."""
    found = [_evidence(shrunk) for shrunk in _scales(slopes)]
    t, r = max(found, key=lambda evidence: abs(evidence[0]))
    is_clear = abs(r) >= CLEAR_R or (abs(t) >= LEAST_T and abs(r) >= LEAST_R)
    confidence = max(1 - 2.0 ** -(abs(t) / LEAST_T), abs(r))
    is_strong = is_clear and all(abs(t) >= SURE_T and abs(r) >= SURE_R for t, r in found)
    is_sure = is_strong and len({_sign_of(r) for _, r in found}) == 1 and min(slopes.shape[:2]) >= SURE_PX
    return Orientation(_sign_of(r) if is_clear else None, r, confidence, "curl", is_sure)


def _scales(slopes: np.ndarray) -> list[np.ndarray]:
    """Slopes at each scale that leaves enough of them, averaged over squares."""
    height, width = slopes.shape[:2]
    shrunk = []
    for factor in SHRINKS:
        rows, columns = height // factor, width // factor
        if factor == 1 or min(rows, columns) >= 4 * BLOCKS:
            part = slopes[: rows * factor, : columns * factor].astype(np.float64)
            shrunk.append(part.reshape(rows, factor, columns, factor, 2).mean((1, 3)))
    return shrunk


def _evidence(slopes: np.ndarray) -> tuple[float, float]:
    """Products of both mixed derivatives: mean of blocks divided by its standard error; and their correlation."""
    along_y = _inside(np.roll(slopes[..., 0], -1, 0) - np.roll(slopes[..., 0], 1, 0))
    along_x = _inside(np.roll(slopes[..., 1], -1, 1) - np.roll(slopes[..., 1], 1, 1))
    r = (along_y * along_x).sum() / max(np.sqrt(np.square(along_y).sum() * np.square(along_x).sum()), 1e-30)
    rows, columns = (max(1, min(BLOCKS, side // 2)) for side in along_y.shape)
    blocks = [
        block.sum() for band in np.array_split(along_y * along_x, rows, 0) for block in np.array_split(band, columns, 1)
    ]
    if len(blocks) < 4:
        return 0.0, float(r)
    error = np.std(blocks, ddof=1) / len(blocks) ** 0.5
    return float(np.mean(blocks) / max(error, 1e-30)), float(r)


def _inside(x: np.ndarray) -> np.ndarray:
    """x without its border, where differences wrap around."""
    rows, columns = (slice(1, -1) if side > 2 else slice(None) for side in x.shape)
    return x[rows, columns]


def _sign_of(correlation: float) -> Sign:
    return "opengl" if correlation > 0 else "directx"


def flip(normal: np.ndarray) -> np.ndarray:
    """Normals (H, W, 3) encoded in [0, 1], from OpenGL to DirectX or back."""
    return np.stack([normal[..., 0], 1 - normal[..., 1], normal[..., 2]], 2)


def unit_normals(normal: np.ndarray) -> np.ndarray:
    """Normals (H, W, 3) encoded in [0, 1], scaled to unit length; those without a direction point up."""
    vectors = 2 * normal.astype(np.float64) - 1
    length = np.linalg.norm(vectors, axis=2, keepdims=True)
    unit = np.where(length > SHORTEST, vectors / np.maximum(length, SHORTEST), (0.0, 0.0, 1.0))
    return (0.5 + 0.5 * unit).astype(np.float32)


def with_blue(normal: np.ndarray) -> np.ndarray:
    """Normals (H, W, 3) encoded in [0, 1], with z computed from x and y for unit length."""
    x, y = np.moveaxis(2 * normal[..., :2] - 1, 2, 0)
    z = np.sqrt(np.clip(1 - x * x - y * y, 0, 1))
    return np.stack([normal[..., 0], normal[..., 1], 0.5 + 0.5 * z], 2)
