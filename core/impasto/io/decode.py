"""Decoding of picture files to float32 textures, with colour management and the EXIF orientation applied.

Headers are checked before anything is decoded (see `headers`), and pixels are converted a few rows at a time, so that
hardly any memory is needed beside the result.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError
from ..surface.color import srgb_to_linear
from ..system.untrusted import excerpt
from ..texture import COLOR_MAPS, MAP_CHANNELS, Maps, Texture, standard_color_space
from .cards import read_embedded
from .color_conversion import ColorConversion, unit
from .headers import read_header
from .scanlines import Scanlines, open_scanlines
from .signatures import EXTENSIONS, REFUSED_EXTENSIONS

__all__ = [
    "EXTENSIONS",
    "REFUSED_EXTENSIONS",
    "is_turned",
    "read_map",
    "read_metadata",
    "read_picture",
    "read_size",
    "read_small",
]

TOLERANCE = 1 / 256
"""Distance by which rounding may take a float beyond 0 to 1."""


def _nothing(fraction: float) -> None:
    """Default for `on_progress`: ignore it."""


def read_picture(path: Path, *, upright: bool = True, on_progress: Callable[[float], None] = _nothing) -> Maps:
    """A picture as base_color (sRGB-encoded, [0, 1]) and, if it has alpha, opacity.

    upright: apply the EXIF orientation, which Blender ignores. `on_progress(fraction)` is called every few rows, and
    may raise Cancelled. FileError for files that cannot be used; values above 1 are never clipped silently.
    """
    lines = open_scanlines(path)
    lines.check_memory(3 + (lines.alpha is not None))
    color, color_as_stored = _empty(lines, 3, upright)
    opacity, opacity_as_stored = (None, None) if lines.alpha is None else _empty(lines, 1, upright)
    _fill(lines, color_as_stored, opacity_as_stored, True, on_progress)
    textures = {"base_color": Texture(color, "srgb")}
    if opacity is not None:
        textures["opacity"] = Texture(opacity, "data")
    return Maps(textures)


def read_map(
    path: Path, name: str, *, upright: bool = True, on_progress: Callable[[float], None] = _nothing
) -> Texture:
    """One map of the kind `name`, otherwise like `read_picture`; one-channel maps take an RGB file's first channel."""
    lines = open_scanlines(path)
    channels = MAP_CHANNELS[name]
    lines.check_memory(channels)
    pixels, as_stored = _empty(lines, channels, upright)
    _fill(lines, as_stored, None, name in COLOR_MAPS, on_progress)
    return Texture(pixels, standard_color_space(name))


def read_small(path: Path, name: str, longest_px: int) -> Texture:
    """A map of the kind `name` with every n-th row and column alone, in little memory, for a thumbnail.

    Its longer side is from `longest_px` to twice that if the picture is larger. FileError if it is damaged.
    """
    lines = open_scanlines(path)
    conversion = ColorConversion(lines, name in COLOR_MAPS)
    step = max(1, max(lines.size_px) // longest_px)
    bands = [conversion(rows[-top % step :: step, ::step])[0] for top, rows in lines.bands() if -top % step < len(rows)]
    pixels = np.concatenate(bands)[..., : MAP_CHANNELS[name]].astype(np.float32)
    if pixels.shape[2] < MAP_CHANNELS[name]:
        pixels = np.repeat(pixels, MAP_CHANNELS[name], axis=2)
    return Texture(np.clip(pixels, 0, 1), standard_color_space(name))


def read_channels(path: Path) -> np.ndarray:
    """A picture's channels (H, W, C) as they are stored, integers scaled to [0, 1]. FileError if it is damaged."""
    lines = open_scanlines(path)
    lines.check_memory(len(lines.channels) + (lines.alpha is not None))
    return np.concatenate([unit(rows).astype(np.float32) for _, rows in lines.bands()])


def has_eight_bits(path: Path) -> bool:
    """Whether a picture's channels are stored as bytes."""
    return str(open_scanlines(path).spec.format) == "uint8"


def read_size(path: Path) -> tuple[int, int]:
    """(height, width) of a picture from its header, with the EXIF orientation applied."""
    lines = open_scanlines(path)
    height, width = lines.size_px
    return (width, height) if lines.orientation >= 5 else (height, width)


def is_turned(path: Path) -> bool:
    """Whether a picture's EXIF orientation rotates or mirrors it."""
    return open_scanlines(path).orientation != 1


def read_metadata(path: Path) -> dict[str, Any]:
    """Metadata that Impasto wrote into a file: `recipe`, `width_m`, `height_range_m`; empty if it wrote none."""
    header = read_header(path)
    text: str | bytes | None = header.text
    if header.kind == "EXR":
        text = open_scanlines(path).text("impasto")
    return read_embedded(text, path) if text else {}


def _fill(
    lines: Scanlines,
    color: np.ndarray,
    opacity: np.ndarray | None,
    is_color: bool,
    on_progress: Callable[[float], None],
) -> None:
    """Decode the picture into color (H, W, 1 or 3) and opacity (H, W, 1), both of its size as stored."""
    conversion = ColorConversion(lines, is_color)
    invalid, beyond, largest = 0, 0, 1.0
    for top, rows in lines.bands():
        values, alpha = conversion(rows)
        end = top + len(rows)
        if lines.is_float:
            finite = np.isfinite(values)
            invalid += finite.size - int(np.count_nonzero(finite))
            if alpha is not None:
                invalid += alpha.size - int(np.count_nonzero(np.isfinite(alpha)))
            above = values > 1 + TOLERANCE if is_color else np.abs(values - 0.5) > 0.5 + TOLERANCE
            beyond += int(np.count_nonzero(above & finite))
            largest = max(largest, float(np.max(values, where=finite, initial=1.0)))
        np.clip(values[..., : color.shape[2]], 0.0, 1.0, out=color[top:end])
        if opacity is not None and alpha is not None:
            np.clip(alpha, 0.0, 1.0, out=opacity[top:end])
        on_progress(end / len(color))
    _refuse_numbers(lines.path, invalid, beyond, largest, is_color)


def _refuse_numbers(path: Path, invalid: int, beyond: int, largest: float, is_color: bool) -> None:
    if invalid:
        message = f"{excerpt(path)} has {invalid:,} values that are NaN or infinite"
        raise FileError(message, "render or export it again without them")
    if beyond and is_color:
        linear = float(srgb_to_linear(np.array(largest)))  # as it is stored
        message = f"{excerpt(path)} has {beyond:,} values above 1, up to {linear:.4g}, which would be lost"
        raise FileError(message, "lower its exposure until all are at most 1, or save it as PNG as it should look")
    if beyond:
        message = f"{excerpt(path)} has {beyond:,} values outside 0 to 1, which would be lost"
        raise FileError(message, "scale them into 0 to 1 (a normal n is stored as n/2 + 1/2)")


def _empty(lines: Scanlines, channels: int, upright: bool) -> tuple[np.ndarray, np.ndarray]:
    """Uninitialised pixels (H, W, C), and a view of them in stored order (before the EXIF orientation is applied)."""
    height, width = lines.size_px
    orientation = lines.orientation if upright else 1
    pixels = np.empty((width, height, channels) if orientation >= 5 else (height, width, channels), np.float32)
    flip_rows = orientation in (3, 4, 7, 8)
    flip_columns = orientation in (2, 3, 6, 7)
    view = pixels[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]
    return pixels, view.swapaxes(0, 1) if orientation >= 5 else view
