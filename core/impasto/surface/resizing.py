"""Resizing of maps: colours are averaged as light, normals as slopes; pictures of few colours get no new ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from ..errors import Message
from ..texture import COLOR_MAPS, NORMAL_MAPS, Maps, Texture
from . import heights
from .color import linear_to_srgb, srgb_to_linear

LARGE_PIXELS, BAND_PX = 2**24, 512
"""Pictures above this many pixels are shrunk in bands of this many rows."""
MOST_COLORS = 64
MOST_OF_PIXELS = 1 / 8
"""Most colours, in number and relative to the number of pixels, since every tiny picture has few."""
LEAST_STEP = 4.5 / 255
"""Least median distance of a colour from the nearest other one: colours of a pale photograph lie close together."""
SAMPLED, AT_ONCE = 4096, 2**18
"""Numbers of pixels in a first sample, which rules out almost every photograph, and in each later step."""
BLUR_PX, LEAST_NEAR = 4.0, 1e-3
"""Width of a wide blur, in pixels of a smaller picture; and weight of the mean of all beside those near a pixel."""
PixelArt = Literal["auto", "on", "off"]


def resized_map(name: str, texture: Texture, size_px: tuple[int, int]) -> Texture:
    """A map at another size; colours are averaged as light, and normals as slopes."""
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


def grey_mask(maps: Maps, size_px: tuple[int, int]) -> np.ndarray:
    """Mask (H, W, 1) of a picture, or of the first map, at a size: the mean of its channels. Transparent parts are
    black."""
    pixels = maps["base_color" if "base_color" in maps else next(iter(maps))].pixels.mean(2, keepdims=True)
    if "opacity" in maps:
        pixels = pixels * maps["opacity"].pixels
    return resized_map("height", Texture(np.ascontiguousarray(pixels, np.float32)), size_px).pixels


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
    """`resize(convert(pixels), size_px)`, in bands for large pictures, which saves the memory of a second picture."""
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

    box: part to resize (left, top, right, bottom), in pixels; None: all.
    """
    from PIL import Image

    shrinks = size_px[0] <= pixels.shape[0] and size_px[1] <= pixels.shape[1]
    method = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
    channels = np.moveaxis(np.asarray(pixels, np.float32), 2, 0)
    return np.stack([np.asarray(Image.fromarray(one).resize(size_px[::-1], method, box)) for one in channels], axis=2)


def broad_means(values: np.ndarray, known: np.ndarray, width_px: float) -> np.ndarray:
    """Means (H, W, C) of known values around each pixel under a wide Gaussian; far from all of them, their mean.

    known: mask (H, W). This is normalized convolution (Knutsson and Westin 1993), on a smaller picture.
    """
    from scipy.ndimage import gaussian_filter

    known = known.astype(np.float32)[..., None]
    small = scaled_size(known.shape, min(1.0, BLUR_PX / width_px))
    given = resize(np.concatenate([values * known, known], -1), small)
    near = resize(gaussian_filter(given, (BLUR_PX, BLUR_PX, 0)), (known.shape[0], known.shape[1]))
    mean = (values * known).sum((0, 1)) / max(float(known.sum()), 1)
    return (near[..., :-1] + LEAST_NEAR * mean) / (near[..., -1:] + LEAST_NEAR)


def few_colors(maps: Maps) -> int:
    """Number of colours in a picture with few, distinct ones; 0 for any other picture."""
    if "base_color" not in maps:
        return 0
    pixels = maps["base_color"].pixels.reshape(-1, 3)
    most = int(min(MOST_COLORS, len(pixels) * MOST_OF_PIXELS))
    found = _colors(pixels[:: max(1, len(pixels) // SAMPLED)])
    for start in range(0, len(pixels), AT_ONCE):
        if len(found) > most:
            return 0
        found = np.union1d(found, _colors(pixels[start : start + AT_ONCE]))
    if not 2 <= len(found) <= most:
        return 0
    channels = np.stack([found >> 32, found >> 16 & 0xFFFF, found & 0xFFFF], 1) / 0xFFFF
    steps = np.abs(channels[:, None] - channels).max(2) + 2 * np.eye(len(found))
    return len(found) if np.median(steps.min(1)) >= LEAST_STEP else 0


def copies_pixels(maps: Maps, choice: PixelArt, note: Callable[[str], None], least: int = 2) -> bool:
    """Whether a tool with the parameter `pixel_art` copies pixels instead of blending them; `note` gets the reason.

    least: least number of colours of pixel art; above 2 for tools that should blend the two colours of ink on paper.
    """
    count = few_colors(maps) if choice == "auto" else 0
    if count < least:
        count = 0
    if count:
        note(Message("the picture has {} colours, which are kept: its pixels are copied, not blended", count))
    return bool(count) or choice == "on"


def nearest_resized(maps: Maps, size_px: tuple[int, int]) -> Maps:
    """The maps at another size (height, width), by the nearest pixels."""
    rows, columns = (
        np.minimum(((np.arange(new) + 0.5) * old / new).astype(int), old - 1)
        for new, old in zip(size_px, maps.size_px, strict=True)
    )
    textures = {name: replace(one, pixels=one.pixels[rows[:, None], columns]) for name, one in maps.items()}
    return replace(maps, textures=textures)


def _colors(pixels: np.ndarray) -> np.ndarray:
    """Distinct colours of pixels (N, 3), sorted; each is one integer with 16 bits a channel."""
    red, green, blue = np.round(pixels.T.clip(0, 1) * 0xFFFF).astype(np.int64)
    return np.unique(red << 32 | green << 16 | blue)
