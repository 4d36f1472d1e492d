"""Maps at another size: colour averaged as light, normals as slopes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..texture import COLOR_MAPS, NORMAL_MAPS, Maps, Texture
from . import heights
from .color import linear_to_srgb, srgb_to_linear

LARGE_PIXELS, BAND_PX = 2**24, 512
"""Pictures above this many pixels are shrunk in bands of this many rows."""


def resized_map(name: str, texture: Texture, size_px: tuple[int, int]) -> Texture:
    """A map at another size: colour is averaged as light and normals as slopes."""
    pixels = texture.pixels
    if texture.size_px == size_px:
        return texture
    if name in NORMAL_MAPS:
        pixels = heights.normal_from_slopes(_convert(pixels, heights.slopes_from_normal, size_px))
    elif name in COLOR_MAPS and texture.color_space != "linear":
        pixels = linear_to_srgb(_convert(pixels, srgb_to_linear, size_px).clip(0, 1))
    else:
        pixels = resize(pixels, size_px).clip(0, None if texture.color_space == "linear" else 1)
    return replace(texture, pixels=pixels)


def resized_maps(maps: Maps, size_px: tuple[int, int]) -> Maps:
    """Maps at another size, each as `resized_map` makes it."""
    if maps.size_px == size_px:
        return maps
    return replace(maps, textures={name: resized_map(name, texture, size_px) for name, texture in maps.items()})


def maps_at_most(maps: Maps, longest_px: int) -> Maps:
    """Maps shrunk to a longer side of at most `longest_px`."""
    return resized_maps(maps, size_at_most(maps.size_px, longest_px))


def size_at_most(size_px: Sequence[float], longest_px: int) -> tuple[int, int]:
    """(height, width) shrunk to a longer side of at most `longest_px`."""
    return scaled_size(size_px, min(1.0, longest_px / max(size_px[:2])))


def scaled_size(size_px: Sequence[float], scale: float) -> tuple[int, int]:
    """(height, width) at a scale, at least one pixel each."""
    return max(1, round(size_px[0] * scale)), max(1, round(size_px[1] * scale))


def _convert(pixels: np.ndarray, convert: Callable[[np.ndarray], np.ndarray], size_px: tuple[int, int]) -> np.ndarray:
    """`resize(convert(pixels), size_px)`; large pictures a band at a time, which takes no second picture's memory."""
    (height, width), (rows, columns) = pixels.shape[:2], size_px
    if height * width <= LARGE_PIXELS or rows > height or columns > width:
        return resize(convert(pixels), size_px)
    scale, step = height / rows, max(1, BAND_PX * rows // height)
    bands = []
    for first in range(0, rows, step):
        last = min(first + step, rows)
        top, bottom = math.floor(first * scale), min(height, math.ceil(last * scale))
        box = (0.0, first * scale - top, float(width), min(last * scale, height) - top)
        bands.append(resize(convert(pixels[top:bottom]), (last - first, columns), box))
    return np.concatenate(bands)


def resize(
    pixels: np.ndarray, size_px: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> np.ndarray:
    """Pixels (H, W, C) resized to (height, width): area averages to shrink, bilinear interpolation to enlarge.

    box: part to resize (left, top, right, bottom), in pixels; None for all.
    """
    from PIL import Image

    shrinks = size_px[0] <= pixels.shape[0] and size_px[1] <= pixels.shape[1]
    how = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
    channels = np.moveaxis(np.asarray(pixels, np.float32), 2, 0)
    made = [np.asarray(Image.fromarray(channel).resize(size_px[::-1], how, box)) for channel in channels]
    return np.stack(made, axis=2)
