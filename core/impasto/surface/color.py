"""Colour conversions on NumPy arrays (..., 3): sRGB, linear sRGB and Oklab, luma and luminance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..texture import Texture

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Shares of linear red, green and blue in luminance (ITU-R BT.709, whose primaries sRGB has)."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Shares of sRGB-encoded red, green and blue in luma (ITU-R BT.601, as in JPEG), for comparing stored pictures."""


def srgb_to_linear(encoded: np.ndarray) -> np.ndarray:
    """sRGB-encoded values in [0, 1] to linear ones (IEC 61966-2-1)."""
    encoded = np.asarray(encoded, np.float32)
    return np.where(encoded <= 0.04045, encoded / 12.92, ((np.maximum(encoded, 0) + 0.055) / 1.055) ** 2.4).astype("f4")


def linear_to_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear values in [0, 1] to sRGB-encoded ones (IEC 61966-2-1)."""
    linear = np.asarray(linear, np.float32)
    curve = 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, linear * 12.92, curve).astype("f4")


def luma(encoded: np.ndarray) -> np.ndarray:
    """Luma (...) of sRGB-encoded colours (..., 3), or the values themselves of one channel (..., 1)."""
    return encoded @ LUMA if encoded.shape[-1] == 3 else encoded[..., 0]


LINEAR_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LMS_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear_pixels(texture: Texture) -> np.ndarray:
    """Pixels (H, W, 3) of a colour map as linear light."""
    return texture.pixels if texture.color_space == "linear" else srgb_to_linear(texture.pixels)


def encoded_pixels(texture: Texture) -> np.ndarray:
    """Pixels (H, W, C) of a texture; linear light is sRGB-encoded, all else stays as it is stored."""
    return linear_to_srgb(texture.pixels) if texture.color_space == "linear" else texture.pixels


def linear_to_oklab(linear: np.ndarray) -> np.ndarray:
    """Linear sRGB (..., 3) to Oklab: L in [0, 1], a and b about [-0.4, 0.4] (Ottosson 2020)."""
    lms = np.cbrt(np.asarray(linear, np.float64) @ LINEAR_TO_LMS.T)
    return (lms @ LMS_TO_OKLAB.T).astype(np.float32)


def oklab_to_linear(oklab: np.ndarray) -> np.ndarray:
    """Oklab (..., 3) to linear sRGB, which may lie outside [0, 1] (Ottosson 2020)."""
    roots = np.asarray(oklab, np.float64) @ np.linalg.inv(LMS_TO_OKLAB).T
    return ((roots * roots * roots) @ np.linalg.inv(LINEAR_TO_LMS).T).astype(np.float32)
