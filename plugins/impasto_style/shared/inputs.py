"""A stylizer's styles, masks and start as tensors, checked and resized for the task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from torch import Tensor

from impasto.errors import Message, ParameterError
from impasto.surface.color import linear_to_srgb
from impasto.surface.resizing import resize, size_at_most
from impasto.texture import Maps

from .controls import MASK, START, STYLE, StyleParameters
from .resampling import LEAST_PX, as_tensor, resize_picture, resized_linear

LEAST_STYLE_PX = 8
"""Least side of a style. Smaller pictures show no strokes."""
FEW_PX = 48
"""Shorter side of a style below which strokes are hardly visible."""
LARGEST_STYLE = 2
"""Longest side of a style, relative to the result. Larger styles are cropped to their centre."""
ONE_COLOR = 0.012
"""Variation of every channel below which a picture has only one colour: three steps of 8 bits."""
OPAQUE = 0.5
"""Opacity below which pixels of a style are ignored."""
EMPTY = 1 / 255
"""Greatest value of a mask below which the mask is black."""
ASPECT_TOLERANCE = 0.02


def read_color(maps: Maps, least_opacity: float) -> np.ndarray:
    """Base colour (H, W, 3), sRGB. Pixels with less opacity are filled with reflections of opaque pixels."""
    pixels = colors_of(maps)
    if "opacity" not in maps:
        return pixels
    known = maps["opacity"].pixels[..., 0] >= least_opacity
    if known.all() or not known.any():
        return pixels
    pixels, known = _fill_in_rows(pixels, known)
    pixels, _ = _fill_in_rows(pixels.swapaxes(0, 1), known.swapaxes(0, 1))
    return pixels.swapaxes(0, 1)


def colors_of(maps: Maps) -> np.ndarray:
    """The base colour (H, W, 3), sRGB in [0, 1]."""
    color = maps["base_color"]
    return linear_to_srgb(color.pixels.clip(0, 1)) if color.color_space == "linear" else color.pixels


def _fill_in_rows(pixels: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (H, W, 3), with unknown pixels mirrored at the nearest `known` one (H, W) in a row, and a new `known`."""
    height, width = known.shape
    here = np.arange(width)
    left = np.maximum.accumulate(np.where(known, here, -width), axis=1)
    right = np.minimum.accumulate(np.where(known, here, 2 * width)[:, ::-1], axis=1)[:, ::-1]
    nearest = np.where(here - left <= right - here, left, right)
    mirrored = (2 * nearest - here).clip(0, width - 1)
    source = np.where(known[np.arange(height)[:, None], mirrored], mirrored, nearest).clip(0, width - 1)
    has_known = known.any(axis=1, keepdims=True)
    source = np.where(known | ~has_known, here, source)
    return np.take_along_axis(pixels, source[..., None], axis=1), known | has_known


def read_style(maps: Maps, index: int, parameters: StyleParameters, longest_px: int, device: str) -> Tensor:
    """A style (1, 3, h, w), scaled so that its strokes have their final size in a result of `longest_px`.

    index: number of the style in messages. Raise ParameterError for one colour, too few pixels, or no opaque pixels.
    """
    label = _label(STYLE, maps, index)
    if "base_color" not in maps:
        raise ParameterError("the {} has no base colour", "give a picture, or a folder of maps with one", label)
    maps = _opaque_part(maps, label)
    factor = parameters.strokes * (parameters.strokes_px or longest_px) / max(maps.size_px)
    maps = _middle(maps, round(LARGEST_STYLE * longest_px / factor))
    size = _shown_size(label, maps, factor, parameters)
    pixels = read_color(_shrunk(maps, 2 * max(size)), OPAQUE)
    if np.ptp(pixels, axis=(0, 1)).max() < ONE_COLOR:
        raise ParameterError("the {} has one colour only", "give a picture that shows strokes or a pattern", label)
    return resize_picture(as_tensor(pixels, device), size)


def _opaque_part(maps: Maps, label: str) -> Maps:
    """Colour and opacity, cropped to the opaque pixels."""
    maps = replace(maps, textures={name: maps[name] for name in ("base_color", "opacity") if name in maps})
    if "opacity" in maps:
        opaque = maps["opacity"].pixels[..., 0] >= OPAQUE
        if not opaque.any():
            raise ParameterError("the {} is transparent everywhere", "give a picture with opaque pixels", label)
        rows, columns = (np.flatnonzero(opaque.any(axis)) for axis in (1, 0))
        maps = _each(maps, lambda pixels: pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    height, width = maps.size_px
    if min(height, width) < LEAST_STYLE_PX:
        message = Message("the {} shows {}x{} pixels, too few for a stroke", label, width, height)
        raise ParameterError(message, "give at least {}x{} pixels, better 256x256", LEAST_STYLE_PX, LEAST_STYLE_PX)
    return maps


def _middle(maps: Maps, longest_px: int) -> Maps:
    """The maps, cropped to their centre along sides longer than `longest_px`."""
    top, left = (max(side - longest_px, 0) // 2 for side in maps.size_px)
    return _each(maps, lambda pixels: pixels[top : top + longest_px, left : left + longest_px])


def _shown_size(label: str, maps: Maps, factor: float, parameters: StyleParameters) -> tuple[int, int]:
    """(height, width) of a style in pixels of the result. Raise ParameterError if its requested strokes are too small.

    If no size of strokes is requested, a tiny picture may have a tiny style.
    """
    height, width = (round(side * factor) for side in maps.size_px)
    is_asked_for = parameters.strokes_px > 0 or parameters.strokes < 1
    if is_asked_for and min(height, width) < LEAST_STYLE_PX:
        name = "strokes_px" if parameters.strokes_px else "strokes"
        value = getattr(parameters, name)
        least = value * LEAST_STYLE_PX / max(min(maps.size_px) * factor, 1e-6)
        message = "{} {:g} shows the {} at {}x{} pixels, smaller than a stroke"
        remedy = "make {} at least {:.3g}, or the result larger"
        raise ParameterError(message, remedy, name, value, label, width, height, name, least)
    return max(height, LEAST_PX), max(width, LEAST_PX)


def _shrunk(maps: Maps, longest_px: int) -> Maps:
    """Maps, reduced to a longer side of at most `longest_px` by averages, so that further resizing is fast."""
    size_px = size_at_most(maps.size_px, longest_px)
    return maps if size_px == maps.size_px else _each(maps, lambda pixels: resize(pixels, size_px))


def _each(maps: Maps, function: Callable[[np.ndarray], np.ndarray]) -> Maps:
    """The maps, with `function` applied to their pixels."""
    textures = {name: replace(texture, pixels=function(texture.pixels)) for name, texture in maps.textures.items()}
    return replace(maps, textures=textures)


def check_shapes(masks: Sequence[Maps | None], start: Maps | None, size: tuple[int, int]) -> None:
    """Raise ParameterError if a mask or the start has another aspect ratio than the picture's (height, width).

    In small pictures, ratios may differ slightly, because sides are rounded to pixels.
    """
    wanted_height, wanted_width = size
    named_masks = [(_label(MASK, mask, index), mask) for index, mask in enumerate(masks) if mask is not None]
    for label, maps in [*named_masks, (_label(START, start), start)] if start is not None else named_masks:
        height, width = maps.size_px
        tolerance = max(ASPECT_TOLERANCE, 1 / min(height, width, *size))
        if abs(np.log(width * wanted_height / (height * wanted_width))) > tolerance:
            message = "the {} is {}x{} pixels, another shape than the picture's {}x{}"
            remedy = "crop it to the picture's shape; its size may differ"
            raise ParameterError(message, remedy, label, width, height, wanted_width, wanted_height)


def read_mask(maps: Maps, index: int, size: tuple[int, int], seamless: bool, device: str) -> Tensor:
    """A mask (1, 1, H, W), 1 where the picture or grey map is white and opaque. Raise ParameterError if it is black."""
    pixels = maps[next(iter(maps))].pixels.mean(axis=2, keepdims=True)
    if "base_color" in maps and "opacity" in maps:
        pixels = pixels * maps["opacity"].pixels
    if pixels.max() < EMPTY:
        message = Message("the {} is black everywhere: its style would be painted nowhere", _label(MASK, maps, index))
        raise ParameterError(message, "paint it white where the style should be, or leave mask and style out")
    return resized_linear(as_tensor(pixels.clip(0, 1), device), size, seamless)


def read_start(maps: Maps, size: tuple[int, int], seamless: bool, device: str) -> Tensor:
    """The earlier result (1, 3, H, W) to continue from, resized to the picture."""
    label = _label(START, maps)
    if "base_color" not in maps:
        raise ParameterError("the {} has no base colour", "give a result of a stylizer", label)
    return resize_picture(as_tensor(read_color(maps, OPAQUE), device), size, seamless)


def _label(name: str, maps: Maps, index: int = 0) -> str:
    """Name of an input in messages, with the name of its file or, after the first input, with its number."""
    return f"{name} {maps.name}" if maps.name else f"{name} {index + 1}" if index else name
