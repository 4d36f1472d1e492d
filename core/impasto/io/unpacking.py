"""Reading of map sets that `map_files` found, and of the packed pictures of engines: the inverse of `packing`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError, Message
from ..surface.heights import slopes_from_normal
from ..surface.orientation import flip, orientation, with_blue
from ..surface.resizing import resized_map
from ..system.names import as_unicode
from ..system.untrusted import excerpt
from ..texture import COLOR_MAPS, MAP_CHANNELS, NORMAL_MAPS, Maps, Texture
from . import decode
from .decode import read_channels, read_picture
from .map_files import CHANNELS, MapSource
from .packing import PackedPicture
from .reduction import ALL, Wanted

JUDGED_PX = 1024
"""The sign of a normal map is judged by the square of this side in its middle."""
ALIKE = 0.01
"""Maps whose proportions differ by less have the same shape."""
TINY_PX = 16
"""A map with no longer side is a plain value, so its shape does not matter."""


def unpacked_maps(path: Path, picture: PackedPicture) -> Maps:
    """The maps that a packed picture holds completely, with values as encoded. Raise FileError for a damaged file."""
    if picture.layout.is_color:
        stored = np.concatenate([map_.pixels for map_ in read_picture(path).values()], axis=2)
    else:
        stored = read_channels(path)
    found: dict[str, dict[int, np.ndarray]] = {}
    for place, channel in enumerate(picture.channels[: stored.shape[2]]):  # an optional alpha may be missing
        values = stored[..., place]
        found.setdefault(channel.map_name, {}).setdefault(channel.index, 1 - values if channel.is_inverted else values)
    whole = {name: parts for name, parts in found.items() if name and len(parts) == MAP_CHANNELS[name]}
    return Maps.from_arrays(
        {name: np.stack([parts[index] for index in range(len(parts))], axis=2) for name, parts in whole.items()}
    )


def read_sources(
    sources: Mapping[str, MapSource], wanted: Wanted = ALL, on_progress: Callable[[float], None] = lambda fraction: None
) -> Maps:
    """The maps of a set, all at the size of the largest. Notes say what was unpacked, flipped and resized.

    FileError as for `read_textures`.
    """
    textures, notes, range_m = read_textures(sources, wanted, on_progress)
    textures = _of_one_size(textures, notes)
    metadata = decode.read_metadata(next(iter(sources.values())).file)
    scale: dict[str, Any] = {key: float(metadata[key]) for key in ("width_m", "height_range_m") if key in metadata}
    maps = Maps(textures, notes=tuple(notes), **scale)
    maps = replace(maps, color_space=wanted.color_space if COLOR_MAPS & textures.keys() else "")
    return replace(maps, lowest_m=range_m[0], height_range_m=range_m[1] - range_m[0]) if range_m else maps


def read_textures(
    sources: Mapping[str, MapSource], wanted: Wanted = ALL, on_progress: Callable[[float], None] = lambda fraction: None
) -> tuple[dict[str, Texture], list[str], tuple[float, float] | None]:
    """The maps of a set at their own sizes, notes on what was unpacked and flipped, and heights 0 and 1 in metres.

    Normals whose name does not say their sign are flipped if the height map, or they themselves, clearly fit DirectX's.
    Raise FileError for a file that cannot be read.
    """
    textures, notes, packed = dict[str, Texture](), list[str](), dict[Path, np.ndarray]()
    range_m = None
    by_file = sorted(sources.items(), key=lambda item: item[1].file)
    for index, (name, source) in enumerate(by_file):
        report = partial(report_part, on_progress, index, len(sources))
        if source.place.channel:
            if source.file not in packed:
                packed = {source.file: read_channels(source.file, wanted.upright)}
            if (texture := _channel(packed[source.file], source)) is None:
                notes.append(Message("{} has no alpha, and no {} in it", _file_name(source), _words(name)))
                continue
            textures[name] = texture
        elif name == "base_color" and "opacity" not in sources:
            textures |= _color_and_alpha(source, wanted, report, notes)
        else:
            reading = decode.read_noted_map(source.file, name, wanted, report)
            textures[name], range_m = reading.texture, reading.range_m or range_m
            notes += reading.notes
        if source.place.is_inverted and name not in NORMAL_MAPS:
            textures[name] = Texture(1 - textures[name].pixels)
            notes.append(Message("{} is one minus {}", _words(name), _file_name(source)))
    for name in sorted(NORMAL_MAPS & textures.keys()):
        textures[name] = _opengl(sources[name], textures[name], textures.get("height"), notes)
    return textures, notes, range_m


def report_part(on_progress: Callable[[float], None], index: int, count: int, fraction: float) -> None:
    """Report progress within one of `count` files as progress of all files together."""
    on_progress((index + fraction) / count)


def named_map(source: MapSource, name: str, color_space: str = "") -> Texture:
    """One map for checks; only its name decides the sign of normals. FileError also if its channel is missing."""
    texture: Texture | None
    if source.place.channel:
        texture = _channel(read_channels(source.file), source)
    else:
        texture = decode.read_map(source.file, name, Wanted(color_space=color_space))
    if texture is None:
        raise FileError("{} has no alpha", "say where {} is, or leave the file out", _file_name(source), _words(name))
    if not source.place.is_inverted:
        return texture
    return Texture(flip(texture.pixels) if name in NORMAL_MAPS else 1 - texture.pixels)


def common_size(sources: Mapping[str, MapSource]) -> tuple[int, int]:
    """(height, width) of the maps that `read_sources` returns, without decoding them."""
    return max(map(decode.read_size, {source.file for source in sources.values()}), key=math.prod)


def _channel(stored: np.ndarray, source: MapSource) -> Texture | None:
    """One channel (H, W, 1) of a stored picture (H, W, C); None if the picture lacks it."""
    count = stored.shape[2]
    index = CHANNELS.index(source.place.channel)
    if source.place.channel == "a":
        index = count - 1 if count in (2, 4) else count
    elif count < 3:
        index = 0
    if index >= count:
        return None
    return Texture(np.clip(np.ascontiguousarray(stored[..., index : index + 1], np.float32), 0, 1))


def _color_and_alpha(
    source: MapSource, wanted: Wanted, on_progress: Callable[[float], None], notes: list[str]
) -> dict[str, Texture]:
    """The colour in a file, and its alpha as opacity unless the alpha is constant."""
    maps = read_picture(source.file, Wanted(upright=wanted.upright, color_space=wanted.color_space), on_progress)
    if "base_color" not in maps:
        raise FileError("{} holds heights, and is named a base colour", "name it a height", _file_name(source))
    found = dict(maps)
    notes += maps.notes
    alpha = found.pop("opacity", None)
    if alpha is not None and float(np.ptp(alpha.pixels)) > 0:
        found["opacity"] = alpha
        notes.append(Message("opacity is the alpha of {}", _file_name(source)))
    return found


def _of_one_size(textures: dict[str, Texture], notes: list[str]) -> dict[str, Texture]:
    """The maps at the size of the largest. Maps of another shape are left out, unless they are tiny plain values."""
    if len({texture.size_px for texture in textures.values()}) < 2:
        return textures
    height, width = size_px = max((texture.size_px for texture in textures.values()), key=math.prod)
    same_size, resized = {}, []
    for name, texture in textures.items():
        rows, columns = texture.size_px
        if max(rows, columns) > TINY_PX and abs(rows * width - columns * height) > ALIKE * columns * height:
            note = "{} is left out: it is {}x{}, of another shape than {}x{}"
            notes.append(Message(note, _words(name), columns, rows, width, height))
            continue
        if texture.size_px != size_px:
            resized.append(f"{_words(name)} ({columns}x{rows})")
        same_size[name] = resized_map(name, texture, size_px)
    if resized:
        notes.append(Message("resized to {}x{}: {}", width, height, ", ".join(resized)))
    return same_size


def _opengl(source: MapSource, normal: Texture, height: Texture | None, notes: list[str]) -> Texture:
    """Normals with OpenGL's sign. They are flipped if their name, or else height or slopes, show DirectX's sign."""
    if not np.ptp(normal.pixels[..., 2]) and np.ptp(normal.pixels[..., 0]):
        notes.append(Message("{} has two channels: its blue is computed from red and green", _file_name(source)))
        normal = Texture(with_blue(normal.pixels))
    is_directx, why = source.place.is_inverted, "by its name"
    if not source.is_sure and not decode.read_metadata(source.file):
        middle = tuple(slice(max(0, (side - JUDGED_PX) // 2), (side + JUDGED_PX) // 2) for side in normal.size_px)
        of_size = resized_map("height", height, normal.size_px).pixels[middle][..., 0] if height else None
        found = orientation(slopes_from_normal(normal.pixels[middle]), of_size)
        if found.is_sure:
            is_directx = found.sign == "directx"
            why = "as its height shows" if found.by == "height" else "as its slopes fit together"
    if not is_directx:
        return normal
    notes.append(Message("{} has DirectX normals, {}: turned to OpenGL's", _file_name(source), why))
    return Texture(flip(normal.pixels))


def _file_name(source: MapSource) -> str:
    return excerpt(as_unicode(source.file.name))


def _words(name: str) -> str:
    return name.replace("_", " ")
