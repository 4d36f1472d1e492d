"""Shared by the tools that change light: the base colour as linear light, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.texture import Maps


def linear_color(maps: Maps) -> np.ndarray:
    """The base colour (H, W, 3) as linear light."""
    texture = maps["base_color"]
    return texture.pixels if texture.color_space == "linear" else srgb_to_linear(texture.pixels)


def with_linear_color(maps: Maps, linear: np.ndarray) -> Maps:
    """Maps with another base colour (H, W, 3), limited to [0, 1], in the colour space that it had."""
    texture = maps["base_color"]
    pixels = np.asarray(linear if texture.color_space == "linear" else linear_to_srgb(linear), np.float32)
    pixels = np.clip(pixels, 0, 1)
    return replace(maps, textures={**maps.textures, "base_color": replace(texture, pixels=pixels)})
