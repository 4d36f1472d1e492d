"""Geometric transformations of maps: colours are averaged as light, and normals rotate and are averaged as slopes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from impasto.data.prepare import Preparation, pixel_box
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.heights import normal_from_slopes, slopes_from_normal
from impasto.texture import NORMAL_MAPS, Maps


def rotate_maps(maps: Maps, degrees: float, nearest: bool = False) -> Maps:
    """Maps turned counter-clockwise; unless by quarter turns, cropped to the largest upright part of the same aspect.

    nearest: whether pixels are copied instead of blended.
    """
    quarters, rest = divmod(degrees + 45, 90)
    angle = rest - 45  # remainder after quarter turns, in [-45, 45)
    maps = _quarter_turns(maps, int(quarters) % 4)
    return _rotate_inside(maps, math.radians(angle), nearest) if angle else maps


def _quarter_turns(maps: Maps, turns: int) -> Maps:
    if not turns:
        return maps
    textures = {
        name: replace(texture, pixels=np.ascontiguousarray(_turn(name, np.rot90(texture.pixels, turns), turns * 90)))
        for name, texture in maps.items()
    }
    height, width = maps.size_px
    aspect = height / width if turns % 2 else 1.0
    return replace(maps, textures=textures, width_m=maps.width_m and maps.width_m * aspect)


def _turn(name: str, pixels: np.ndarray, degrees: float) -> np.ndarray:
    """Pixels (H, W, C) of a turned picture; normals are rotated too."""
    if name not in NORMAL_MAPS:
        return pixels
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y, z = np.moveaxis(2 * pixels - 1, 2, 0)  # x to the right, y up
    return (0.5 + 0.5 * np.stack([cosine * x - sine * y, sine * x + cosine * y, z], 2)).astype(np.float32)


def _rotate_inside(maps: Maps, angle: float, nearest: bool) -> Maps:
    """The largest upright rectangle of the same aspect inside maps turned by up to 45 degrees."""
    height, width = maps.size_px
    cosine, sine = math.cos(angle), abs(math.sin(angle))
    share = min(height / (width * sine + height * cosine), width / (width * cosine + height * sine))
    rows, columns = max(1, int(height * share)), max(1, int(width * share))
    # each pixel of the result is sampled at its source: a clockwise turn about the centre, y down
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float64)
    y, x = y - (rows - 1) / 2, x - (columns - 1) / 2
    from_x = math.cos(angle) * x - math.sin(angle) * y + (width - 1) / 2
    from_y = math.sin(angle) * x + math.cos(angle) * y + (height - 1) / 2
    if nearest:
        from_y, from_x = np.rint(from_y), np.rint(from_x)
    textures = {}
    for name, texture in maps.items():
        is_encoded = texture.color_space == "srgb" and not nearest
        pixels = _turn(name, srgb_to_linear(texture.pixels) if is_encoded else texture.pixels, math.degrees(angle))
        values = _bilinear(pixels, from_y, from_x)
        if name in NORMAL_MAPS:  # of unit length again
            values = normal_from_slopes(slopes_from_normal(values))
        values = linear_to_srgb(values) if is_encoded else values
        textures[name] = replace(texture, pixels=values)
    return replace(maps, textures=textures, width_m=maps.width_m and maps.width_m * columns / width)


def _bilinear(pixels: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Samples (h, w, C), float32, of pixels (H, W, C) at y and x (h, w), by bilinear interpolation."""
    height, width = pixels.shape[:2]
    y, x = y.clip(0, height - 1), x.clip(0, width - 1)
    top, left = np.minimum(y.astype(int), max(height - 2, 0)), np.minimum(x.astype(int), max(width - 2, 0))
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, along = (y - top)[..., None].astype(np.float32), (x - left)[..., None].astype(np.float32)
    upper = pixels[top, left] * (1 - along) + pixels[top, right] * along
    lower = pixels[bottom, left] * (1 - along) + pixels[bottom, right] * along
    return (upper * (1 - down) + lower * down).astype(np.float32)


def crop_maps(maps: Maps, crop: Sequence[float]) -> Maps:
    """The maps, cropped to left, top, right and bottom (0 to 1). Raise ParameterError if nothing is left."""
    left, top, right, bottom = crop
    Preparation(crop=(left, top, right, bottom))  # checks it
    if (left, top, right, bottom) == (0, 0, 1, 1):
        return maps
    (first_row, last_row), (first, last) = pixel_box(maps.size_px, (left, top, right, bottom))
    textures = {
        name: replace(texture, pixels=np.ascontiguousarray(texture.pixels[first_row:last_row, first:last]))
        for name, texture in maps.items()
    }
    share = (last - first) / maps.size_px[1]
    return replace(maps, textures=textures, width_m=maps.width_m and maps.width_m * share)
