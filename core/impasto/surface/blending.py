"""Blend modes of colours, as in every program with layers: W3C, "Compositing and Blending Level 1", 2015."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from ..mask import BLENDS, MIX
from ..texture import Texture
from .color import encoded_pixels, srgb_to_linear

LUMINANCE = np.array([0.3, 0.59, 0.11], np.float32)
"""Weights of encoded red, green and blue in modes that keep the luminosity (section 13)."""
Mode = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _soft_light(below: np.ndarray, above: np.ndarray) -> np.ndarray:
    curve = np.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, np.sqrt(below))
    lighter = below + (2 * above - 1) * (curve - below)
    return np.where(above <= 0.5, below - (1 - 2 * above) * below * (1 - below), lighter)


def _overlay(below: np.ndarray, above: np.ndarray) -> np.ndarray:
    return np.where(below <= 0.5, 2 * below * above, 1 - 2 * (1 - below) * (1 - above))


def _with_light_of(color: np.ndarray, other: np.ndarray) -> np.ndarray:
    """A colour with the luminosity of another, moved towards grey where it would leave [0, 1]."""
    light = (other @ LUMINANCE)[..., None]
    moved = color + light - (color @ LUMINANCE)[..., None]
    low, high = moved.min(2, keepdims=True), moved.max(2, keepdims=True)
    keep = np.minimum(light / np.maximum(light - low, 1e-6), (1 - light) / np.maximum(high - light, 1e-6))
    return light + (moved - light) * np.clip(keep, 0, 1)


MODES: Mapping[str, Mode] = {
    MIX: lambda below, above: above,
    "darken": np.minimum,
    "multiply": lambda below, above: below * above,
    "lighten": np.maximum,
    "screen": lambda below, above: below + above - below * above,
    "add": lambda below, above: below + above,
    "subtract": lambda below, above: below - above,
    "overlay": _overlay,
    "soft-light": _soft_light,
    "color": lambda below, above: _with_light_of(above, below),
    "luminosity": lambda below, above: _with_light_of(below, above),
}
assert tuple(MODES) == BLENDS


def blended_color(mode: str, below: Texture, above: Texture) -> Texture:
    """A colour over another, blended by one of `BLENDS` on sRGB-encoded values in [0, 1]; encoded as `below`."""
    encoded = [np.clip(encoded_pixels(one), 0, 1) for one in (below, above)]
    value = np.clip(MODES[mode](*encoded), 0, 1).astype(np.float32)
    return replace(below, pixels=srgb_to_linear(value) if below.color_space == "linear" else value)
