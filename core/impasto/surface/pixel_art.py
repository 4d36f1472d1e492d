"""Pictures of few colours, such as pixel art: whether a picture is one, and its resizing without new colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from ..texture import Maps

MOST_COLORS = 64
MOST_OF_PIXELS = 1 / 8
"""Largest number of colours, and relative to the pixels: any tiny picture has few."""
LEAST_STEP = 4.5 / 255
"""Least median distance of a colour from its nearest one: those of a pale photograph lie close together."""
SAMPLED, AT_ONCE = 4096, 2**18
"""Pixels that are looked at first, which rule out almost every photograph, and then at a time."""
PixelArt = Literal["auto", "on", "off"]


def few_colors(maps: Maps) -> int:
    """The number of colours of a picture that has few of them, apart from each other; 0 for any other."""
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
    """Whether a tool with the parameter `pixel_art` copies pixels instead of blending them; `note` is told why.

    least: number of colours from which a picture is pixel art: more than the two of ink where those are best blended.
    """
    count = few_colors(maps) if choice == "auto" else 0
    if count < least:
        count = 0
    if count:
        note(f"the picture has {count} colours, which are kept: its pixels are copied, not blended")
    return bool(count) or choice == "on"


def nearest_resized(maps: Maps, size_px: tuple[int, int]) -> Maps:
    """The maps at another size (height, width), each pixel of which is the nearest of theirs."""
    rows, columns = (
        np.minimum(((np.arange(new) + 0.5) * old / new).astype(int), old - 1)
        for new, old in zip(size_px, maps.size_px, strict=True)
    )
    textures = {name: replace(one, pixels=one.pixels[rows[:, None], columns]) for name, one in maps.items()}
    return replace(maps, textures=textures)


def _colors(pixels: np.ndarray) -> np.ndarray:
    """The different colours of pixels (N, 3), each as one integer of 16 bits a channel, in order."""
    red, green, blue = np.round(pixels.T.clip(0, 1) * 0xFFFF).astype(np.int64)
    return np.unique(red << 32 | green << 16 | blue)
