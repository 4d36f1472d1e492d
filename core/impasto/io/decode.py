"""Decoding of picture files to float32 textures, with colour management and the EXIF orientation applied.

Headers are checked before anything is decoded (see `headers`). Pixels are converted a few rows at a time, so that
hardly any memory is needed in addition to the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..errors import FileError, Message, ParameterError
from ..surface.color import srgb_to_linear
from ..system.untrusted import excerpt
from ..texture import COLOR_MAPS, LARGEST_M, MAP_CHANNELS, NORMAL_MAPS, SMALLEST_M, Maps, Texture, standard_color_space
from .cards import read_embedded
from .color_conversion import TOLERANCE, ColorConversion, unit
from .color_spaces import LINEAR
from .headers import RESAVE, read_header
from .reduction import ALL, PixelBlocks, Wanted, reduction, reduction_note
from .scanlines import SIGNED, Scanlines, open_scanlines

COLORFUL = 0.02
"""Mean difference of channels above which a picture is no grey map."""
VOIDS, LOWEST_M, HIGHEST_M = (-9999, -32767, -32768), -1e5, 1e30
"""Values that mark points without a height in elevation models (SRTM, GDAL), and limits beyond which all values do."""
NEGATIVE_SHARE = 0.01
"""A picture with a larger share of values below 0 gets a note."""


def _nothing(fraction: float) -> None:
    """Default for `on_progress`: ignore it."""


@dataclass(frozen=True)
class MapReading:
    """A map that was read, with the file's opacity. notes: sentences about decisions that were made.

    range_m: the heights in metres that are now 0 and 1; None for heights that were stored from 0 to 1.
    """

    texture: Texture
    opacity: Texture | None = None
    notes: tuple[str, ...] = ()
    range_m: tuple[float, float] | None = None


def read_picture(path: Path, wanted: Wanted = ALL, on_progress: Callable[[float], None] = _nothing) -> Maps:
    """A picture as base_color (sRGB-encoded, [0, 1]) and, if it has alpha, opacity.

    `on_progress(fraction)` is called every few rows, and may raise Cancelled. A picture whose colours would have to be
    converted is read as the map `wanted.alone_as` instead. A photograph is reduced to `wanted.enough_px`. A grey
    picture with signed values, or with values outside 0 to 1, is read as height. Values above 1 are read as light if
    that is wanted; they are never clipped silently. Raise FileError for files that cannot be used.
    """
    alone_as = wanted.alone_as
    lines = _lines_of(path, alone_as)
    is_grey = len(lines.channels) == 1
    name = "height" if lines.is_signed and is_grey and alone_as in COLOR_MAPS else alone_as
    conversion = ColorConversion(lines, name in COLOR_MAPS, wanted.color_space_of(name))
    is_converted = lines.is_float or lines.is_signed or len(lines.channels) == 2
    if name not in COLOR_MAPS and lines.color == "rgb" and not is_converted:
        as_color = ColorConversion(lines, True, wanted.color_space)
        name, conversion = ("base_color", as_color) if as_color.is_plain else (name, conversion)
    elif name not in COLOR_MAPS and lines.color != "rgb":
        name, conversion = "base_color", ColorConversion(lines, True, wanted.color_space)
    reading = _read(lines, name, conversion, wanted, on_progress, is_alone=True)
    if reading is None:
        lines, name = open_scanlines(path), "height"
        reading = _read(lines, name, ColorConversion(lines, False), wanted, on_progress, is_alone=True)
    assert reading is not None
    textures = {name: reading.texture} | ({"opacity": reading.opacity} if reading.opacity else {})
    maps = Maps(textures, notes=reading.notes)
    if reading.range_m:
        low, high = reading.range_m
        maps = replace(maps, lowest_m=low, height_range_m=high - low)
    if name not in COLOR_MAPS:
        return maps
    light: Literal["", "linear", "other"] = "other" if lines.is_float else ""
    light = "linear" if lines.is_float and conversion.space is LINEAR else light
    return replace(maps, color_space=wanted.color_space, light=light)


def read_map(path: Path, name: str, wanted: Wanted = ALL) -> Texture:
    """One map of the kind `name`. A map of one channel takes the first channel of an RGB file."""
    return read_noted_map(path, name, wanted).texture


def read_noted_map(
    path: Path, name: str, wanted: Wanted = ALL, on_progress: Callable[[float], None] = _nothing
) -> MapReading:
    """One map as in `read_map`, with notes on it. Heights in metres are scaled to [0, 1]."""
    lines = _lines_of(path, name)
    conversion = ColorConversion(lines, name in COLOR_MAPS, wanted.color_space_of(name))
    reading = _read(lines, name, conversion, wanted, on_progress)
    assert reading is not None
    return reading


def read_small(path: Path, name: str, longest_px: int) -> Texture:
    """A small map of the kind `name` for a thumbnail: every n-th row and column, read in little memory.

    If the picture is larger than `longest_px`, the result's longer side is from that to twice that. Raise FileError if
    it is damaged.
    """
    lines = open_scanlines(path)
    conversion = ColorConversion(lines, name in COLOR_MAPS)
    step = max(1, max(lines.size_px) // longest_px)
    bands = [conversion(rows[-top % step :: step, ::step])[0] for top, rows in lines.bands() if -top % step < len(rows)]
    pixels = np.concatenate(bands)[..., : MAP_CHANNELS[name]].astype(np.float32)
    if pixels.shape[2] < MAP_CHANNELS[name]:
        pixels = np.repeat(pixels, MAP_CHANNELS[name], axis=2)
    return Texture(np.clip(pixels, 0, 1), standard_color_space(name))


def read_channels(path: Path, upright: bool = False) -> np.ndarray:
    """A picture's channels (H, W, C) as stored, with integers scaled to [0, 1]. Raise FileError if it is damaged."""
    lines = open_scanlines(path)
    count = len(lines.channels) + (lines.alpha is not None)
    lines.check_memory(count)
    pixels, as_stored = _empty(lines, PixelBlocks.of(lines, 1, (False, False)), count, upright)
    for top, rows in lines.bands():
        as_stored[top : top + len(rows)] = unit(rows)
    return pixels


def read_size(path: Path) -> tuple[int, int]:
    """(height, width) of a picture from its header, with the EXIF orientation applied."""
    lines = open_scanlines(path)
    height, width = lines.size_px
    return (width, height) if lines.orientation >= 5 else (height, width)


def is_turned(path: Path) -> bool:
    """Whether a picture's EXIF orientation rotates or mirrors it."""
    return open_scanlines(path).orientation != 1


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata that Impasto wrote into a file: `recipe`, `width_m`, `height_range_m`; empty if there is none."""
    header = read_header(path)
    text: str | bytes | None = header.text
    if header.kind == "EXR":
        text = open_scanlines(path).text("impasto")
    return read_embedded(text, path) if text else {}


def _read(
    lines: Scanlines,
    name: str,
    conversion: ColorConversion,
    wanted: Wanted,
    on_progress: Callable[[float], None],
    is_alone: bool = False,
) -> MapReading | None:
    """A map decoded from rows. is_alone: with the file's opacity, and None if its values are heights, not colours."""
    channels, with_opacity, upright = MAP_CHANNELS[name], is_alone and lines.alpha is not None, wanted.upright
    is_color = name in COLOR_MAPS
    takes_light = is_alone and wanted.takes_light and is_color
    divisor = reduction(lines.size_px, wanted.enough_px) if is_alone and is_color and not takes_light else 1
    blocks = PixelBlocks.of(lines, divisor, _flips(lines, upright)[1:])
    lines.check_memory(channels + with_opacity, divisor)
    pixels, as_stored = _empty(lines, blocks, channels, upright)
    opacity, opacity_as_stored = _empty(lines, blocks, 1, upright) if with_opacity else (None, None)
    keeps_range = name == "height" and (lines.is_float or lines.is_signed)
    keeps_broken, spread = is_alone and wanted.keeps_broken and is_color, 0.0
    for top, rows in blocks.bands(lines):
        values, alpha = conversion(rows)
        end = top + len(rows) // divisor
        if keeps_broken and conversion.invalid:
            is_whole = np.isfinite(rows).all(-1, keepdims=True)
            values = np.where(is_whole, values, np.nan)
            alpha = None if alpha is None else np.where(is_whole, alpha, np.nan)
        if channels == 1 and values.shape[2] > 1:
            spread += float(np.abs(values - values[..., :1]).mean()) * len(rows) / len(as_stored)
        if keeps_range:
            as_stored[top:end] = values[..., :1]
        elif values.shape[2] == 2:  # normals without blue
            as_stored[top:end, :, :2], as_stored[top:end, :, 2] = np.clip(values, 0, 1), 0
        else:
            clipped = np.clip(values[..., :channels], 0.0, None if takes_light else 1.0)
            as_stored[top:end] = blocks.mean(name, clipped)
        if opacity_as_stored is not None and alpha is not None:
            opacity_as_stored[top:end] = blocks.mean("opacity", np.clip(alpha, 0.0, 1.0))
        on_progress(end / len(as_stored))
    if is_alone and spread > COLORFUL * conversion.largest:
        message = "{} has colours, and a {} map is grey"
        raise ParameterError(message, "give the {} map, or a folder that has one", excerpt(lines.path), name, name)
    has_negative = conversion.negative > NEGATIVE_SHARE * len(lines.channels) * math.prod(lines.size_px)
    is_grey_light = len(lines.channels) == 1 and not (takes_light or (keeps_broken and conversion.invalid))
    if is_alone and is_color and is_grey_light and (conversion.beyond or has_negative):
        return None
    is_light = takes_light and conversion.beyond > 0 and not conversion.invalid
    low, high, notes = 0.0, 1.0, lines.notes
    if divisor > 1:
        notes += (reduction_note(divisor, (pixels.shape[0], pixels.shape[1])),)
    if is_color and has_negative:
        notes += (Message("{:,} values of {} are below 0, and count as 0", conversion.negative, excerpt(lines.path)),)
    if keeps_range:
        low, high, scale_notes = _scale_heights(lines, as_stored)
        notes += scale_notes
    elif not is_light:
        _refuse_numbers(lines.path, conversion, is_color, keeps_broken)
    texture = Texture(srgb_to_linear(pixels), "linear") if is_light else Texture(pixels, standard_color_space(name))
    is_unused = opacity is not None and lines.kind == "BMP" and not opacity.any()  # as Windows leaves the fourth byte
    transparent = None if opacity is None or is_unused else Texture(opacity, "data")
    return MapReading(texture, transparent, notes, (low, high) if (low, high) != (0.0, 1.0) else None)


def _scale_heights(lines: Scanlines, heights: np.ndarray) -> tuple[float, float, tuple[str, ...]]:
    """Scale heights (H, W, 1) that exceed [0, 1] into it, in place; return the lowest and highest in metres, and notes.

    Points without a height get the lowest one. Raise FileError if no point has a height.
    """
    if lines.is_signed:
        heights *= SIGNED[str(lines.spec.format)]  # as they are stored
    is_void = np.isin(heights, (*VOIDS, lines.void)) | ~((heights > LOWEST_M) & (heights < HIGHEST_M))
    notes: tuple[str, ...] = ()
    if is_void.any():
        if is_void.all():
            raise FileError("{} has no heights", RESAVE, excerpt(lines.path))
        low = np.min(heights, where=~is_void, initial=np.inf)
        note = "{:,} points of {} have no height, and are as low as the lowest"
        notes = (Message(note, int(is_void.sum()), excerpt(lines.path)),)
        heights[is_void] = low
    low, high = float(heights.min()), float(heights.max())
    if low >= -TOLERANCE and high <= 1 + TOLERANCE:
        np.clip(heights, 0, 1, out=heights)
        return 0.0, 1.0, notes
    if high - low > LARGEST_M:
        message = "{} has heights from {:.4g} to {:.4g}"
        raise FileError(message, "scale them into 0 to 1", excerpt(lines.path), low, high)
    heights -= np.float32(low)
    heights /= np.float32(max(high - low, SMALLEST_M))
    np.clip(heights, 0, 1, out=heights)
    name = excerpt(lines.path)
    said = "the heights of {} count as metres, from {:.6g} to {:.6g}, and become 0 to 1: give its width too"
    return low, high, (*notes, Message(said, name, low, high))


def _lines_of(path: Path, name: str) -> Scanlines:
    """The rows of a picture. For a map of normals, a picture of two channels without alpha gives both of them."""
    lines = open_scanlines(path)
    has_two = name in NORMAL_MAPS and lines.alpha is None and lines.spec.nchannels == 2
    return replace(lines, channels=(0, 1), notes=()) if has_two else lines


def _refuse_numbers(path: Path, found: ColorConversion, is_color: bool, keeps_broken: bool) -> None:
    """Raise FileError for NaN and infinite values, unless they are kept, and for values that a texture cannot hold."""
    if found.invalid and not keeps_broken:
        message = "{} has {:,} values that are NaN or infinite"
        raise FileError(message, "render or export it again without them", excerpt(path), found.invalid)
    if found.beyond and is_color:
        message = "{} has {:,} values above 1, up to {:.4g}, which would be lost"
        remedy = "lower its exposure until all are at most 1, or save it as PNG as it should look"
        raise FileError(message, remedy, excerpt(path), found.beyond, found.largest)
    if found.beyond:
        remedy = "scale them into 0 to 1 (a normal n is stored as n/2 + 1/2)"
        raise FileError("{} has {:,} values outside 0 to 1, which would be lost", remedy, excerpt(path), found.beyond)


def _flips(lines: Scanlines, upright: bool) -> tuple[bool, bool, bool]:
    """Whether the upright picture is the transposed stored one, and whether stored rows and columns run backwards."""
    orientation = lines.orientation if upright else 1
    return orientation >= 5, orientation in (3, 4, 6, 7), orientation in (2, 3, 7, 8)


def _empty(lines: Scanlines, blocks: PixelBlocks, channels: int, upright: bool) -> tuple[np.ndarray, np.ndarray]:
    """Uninitialised upright pixels (H, W, C), and a view of them in the order in which the file stores pixels."""
    is_transposed, down, across = _flips(lines, upright)
    pixels = np.empty((*(blocks.size[::-1] if is_transposed else blocks.size), channels), np.float32)
    view = pixels.swapaxes(0, 1) if is_transposed else pixels
    return pixels, view[:: -1 if down else 1, :: -1 if across else 1]
