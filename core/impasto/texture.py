"""The data that tools take and return: `Texture` (pixels and colour space) and `Maps` (one surface).

Pixels are NumPy float32 (H, W, C) with row 0 at the top. Colour is sRGB-encoded in [0, 1] unless it is
tagged `linear`; everything else is `data`. Normals are OpenGL (+Y up), encoded in [0, 1].
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from .errors import Message, ParameterError
from .system.untrusted import excerpt
from .udim import TileSheet, sheet_of, tile_key, tile_of

ColorSpace = Literal["srgb", "linear", "data"]

MAP_CHANNELS: Mapping[str, int] = {
    "base_color": 3,
    "roughness": 1,
    "metallic": 1,
    "normal": 3,
    "height": 1,
    "ambient_occlusion": 1,
    "opacity": 1,
    "emission": 3,
    "transmission_weight": 1,
    "confidence": 1,
    "bent_normal": 3,
}
"""Number of channels of each map, by name (glTF's and the Principled BSDF's terms).

Confidence is no property of the surface, but says how far an estimate of other maps can be trusted, from 0 to 1. Bent
normals point to the middle of the visible sky, for renderers that use them for lighting.
"""
NORMAL_MAPS = frozenset({"normal", "bent_normal"})
FINE_MAPS = NORMAL_MAPS | {"height"}
"""Maps in which 8 bits a channel would show as steps."""

LINEAR_FORMATS = (".exr", ".hdr")
"""Suffixes of files that store linear light; colours are encoded as sRGB when they are read."""
COLOR_MAPS = frozenset({"base_color", "emission"})
SMALLEST_M, LARGEST_M = 1e-9, 1e6
"""Limits in metres of the width of a picture, and of its range of heights, which may also be 0."""
LARGE_PX = 4096 * 4096
"""Most pixels of a picture for which `is_large` is False."""


def is_large(size_px: tuple[int, int]) -> bool:
    """Whether pictures of this size are made in strips, if the tool can, and compressed fast rather than small."""
    height, width = size_px
    return height * width > LARGE_PX


@dataclass(frozen=True, eq=False)
class Texture:
    """Pixels (H, W, C) float32, row 0 at the top, and their colour space."""

    pixels: np.ndarray
    color_space: ColorSpace = "data"

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.ndim != 3 or pixels.dtype != np.float32 or min(pixels.shape) < 1:
            message = "a texture needs float32 pixels of shape (height, width, channels), got {} {}"
            remedy = "convert it with numpy.asarray(pixels, numpy.float32) and add a channel axis"
            raise ParameterError(message, remedy, pixels.dtype, pixels.shape)

    @property
    def size_px(self) -> tuple[int, int]:
        """(height, width)."""
        return self.pixels.shape[0], self.pixels.shape[1]


@dataclass(frozen=True, eq=False)
class Maps(Mapping[str, Texture]):
    """The textures of one surface, all of one size, by the names in `MAP_CHANNELS`.

    width_m: real-world width of the whole image. height_range_m: difference between heights 0 and 1. lowest_m:
    elevation of height 0. All three are in metres, and None if unknown. name: file or image that the maps came from.
    sheet: positions of the UDIM tiles of a tiled image, which lie side by side. notes: sentences about decisions made
    when the maps were read; `run` adds them to the notes of its tools. color_space: name of the colour space that the
    user chose in place of the one in the file. light: for a single picture that stored linear light: "linear" if it was
    only encoded, "other" if its colours were converted as well.
    """

    textures: Mapping[str, Texture] = field(default_factory=dict)
    width_m: float | None = None
    height_range_m: float | None = None
    name: str = ""
    sheet: TileSheet | None = None
    notes: tuple[str, ...] = ()
    color_space: str = ""
    light: Literal["", "linear", "other"] = ""
    lowest_m: float | None = None

    def __post_init__(self) -> None:
        sizes = set()
        for name, texture in self.textures.items():
            if name not in MAP_CHANNELS:
                message = "there is no map called {}"
                raise ParameterError(message, "use one of {}", excerpt(name), ", ".join(MAP_CHANNELS))
            channels = texture.pixels.shape[2]
            if channels != MAP_CHANNELS[name]:
                remedy = "split alpha off into opacity, or repeat a grey channel"
                raise ParameterError("{} must have {} channels, got {}", remedy, name, MAP_CHANNELS[name], channels)
            sizes.add(texture.size_px)
        if len(sizes) > 1:
            listed = ", ".join(f"{w}x{h}" for h, w in sorted(sizes))
            raise ParameterError("the maps of one surface must have one size, got {}", "resize them first", listed)
        check_metres("width_m", self.width_m, SMALLEST_M)
        check_metres("height_range_m", self.height_range_m, 0.0)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], **about) -> Maps:
        """Maps from arrays (H, W, C) or (H, W), in the standard colour space of each map."""
        textures = {}
        for name, pixels in arrays.items():
            pixels = np.ascontiguousarray(pixels, np.float32)
            pixels = pixels[..., None] if pixels.ndim == 2 else pixels
            textures[name] = Texture(pixels, standard_color_space(name))
        return cls(textures, **about)

    @classmethod
    def from_channels(cls, channels: np.ndarray, names: Sequence[str], **about) -> Maps:
        """Maps with these names, from their channels (C, H, W) in the same order."""
        ends = np.cumsum([MAP_CHANNELS[name] for name in names])
        parts = np.split(channels.transpose(1, 2, 0), ends[:-1], axis=2)
        return cls.from_arrays(dict(zip(names, parts, strict=True)), **about)

    def channels(self, names: Sequence[str], missing: float = 0.0) -> np.ndarray:
        """Channels (C, H, W) of the maps with these names, in this order. Absent maps are filled with `missing`."""
        parts = [
            self[name].pixels if name in self else np.full((*self.size_px, MAP_CHANNELS[name]), missing, np.float32)
            for name in names
        ]
        return np.ascontiguousarray(np.concatenate(parts, 2).transpose(2, 0, 1))

    @classmethod
    def of_tiles(cls, tiles: Mapping[int, Maps]) -> Maps:
        """Maps on a sheet, from the maps of all UDIM tiles by number.

        Raise ParameterError if a tile lacks a map that others have.
        """
        first = tiles[min(tiles)]
        for number, maps in tiles.items():
            if lacking := {name for other in tiles.values() for name in other}.difference(maps):
                message = "the tile {} has no {}, which other tiles have"
                raise ParameterError(message, "give all tiles the same maps", number, ", ".join(sorted(lacking)))
        pixels = {name: {number: maps[name].pixels for number, maps in tiles.items()} for name in first}
        sheet = sheet_of(pixels[next(iter(first))])
        textures = {name: Texture(sheet.pixels_of(pixels[name]), first[name].color_space) for name in first}
        width_m = first.width_m and first.width_m * sheet.size_px[1] / first.size_px[1]
        notes = tuple(dict.fromkeys(note for maps in tiles.values() for note in maps.notes))
        return replace(first, textures=textures, width_m=width_m, sheet=sheet, notes=notes)

    @classmethod
    def from_tile_arrays(cls, arrays: Mapping[str, np.ndarray], **about) -> Maps:
        """Maps from arrays, as `from_arrays` does. Arrays of UDIM tiles have names such as base_color.1001."""
        tiles: dict[int, dict[str, np.ndarray]] = {}
        for key, pixels in arrays.items():
            name, number = tile_of(key)
            tiles.setdefault(number, {})[name] = pixels
        maps = {number: cls.from_arrays(own, **about) for number, own in tiles.items()}
        return maps.get(0, cls(**about)) if maps.keys() <= {0} else cls.of_tiles(maps)

    def tile_arrays(self) -> dict[str, np.ndarray]:
        """Pixels of each map, in the form that `from_tile_arrays` reads."""
        tiles = self.tiles()
        return {tile_key(name, number): pixels for number in tiles for name, pixels in tiles[number].arrays().items()}

    def with_width(self, width_m: float | None) -> Maps:
        """These maps with a real-world width. With UDIM tiles, it is the width of the first tile."""
        return replace(self, width_m=width_m and width_m * self._tiles_across)

    @property
    def tile_width_m(self) -> float | None:
        """Real-world width of the first UDIM tile, or of maps without UDIM tiles."""
        return self.width_m and self.width_m / self._tiles_across

    @property
    def _tiles_across(self) -> float:
        """Width of the sheet relative to the width of its first UDIM tile."""
        return self.size_px[1] / self.sheet.sizes_px[0][1] if self.sheet else 1

    def tiles(self) -> dict[int, Maps]:
        """Maps of each UDIM tile, by number; maps without UDIM tiles have the number 0."""
        if self.sheet is None:
            return {0: self}
        parts = {name: self.sheet.split(texture.pixels) for name, texture in self.items()}
        found = {}
        for number in self.sheet.numbers:
            own = {name: replace(texture, pixels=parts[name][number]) for name, texture in self.items()}
            maps = replace(self, textures=own, sheet=None)
            width_m = self.width_m and self.width_m * maps.size_px[1] / self.size_px[1]
            found[number] = replace(maps, width_m=width_m)
        return found

    def __getitem__(self, name: str) -> Texture:
        return self.textures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.textures, key=list(MAP_CHANNELS).index))

    def __len__(self) -> int:
        return len(self.textures)

    @property
    def size_px(self) -> tuple[int, int]:
        """(height, width) of every map. Raise ParameterError if there are no maps."""
        for texture in self.textures.values():
            return texture.size_px
        raise ParameterError("there are no maps", "give a source image")

    @property
    def height_range_px(self) -> float | None:
        """Difference between heights 0 and 1 in pixels; None if it or the width is unknown."""
        if self.height_range_m is None or not self.width_m:
            return None
        return self.height_range_m / self.width_m * self.size_px[1]

    def arrays(self) -> dict[str, np.ndarray]:
        """Pixels (H, W, C) of each map by name, in the order of `MAP_CHANNELS`."""
        return {name: self[name].pixels for name in self}

    def with_arrays(self, arrays: Mapping[str, np.ndarray]) -> Maps:
        """These maps, with these arrays added or in place of others."""
        return replace(self, textures={**self.textures, **Maps.from_arrays(arrays).textures})

    def sha256(self) -> str:
        """Hash of names, sizes, colour spaces and pixels, whatever format the picture was stored in."""
        digest = hashlib.sha256(f"{self.sheet.numbers}".encode() if self.sheet else b"")
        for name in self:
            texture = self[name]
            digest.update(f"{name} {texture.pixels.shape} {texture.color_space}".encode())
            digest.update(np.ascontiguousarray(texture.pixels, "<f4").data)
        return digest.hexdigest()


def check_metres(name: str, value: object, least: float = SMALLEST_M) -> None:
    """Raise ParameterError unless a length is a plausible number of metres, or None for an unknown length."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= LARGEST_M:
        message = Message("{} must be between {:g} and {:g} metres, got {}", name, least, LARGEST_M, excerpt(value))
        raise ParameterError(message, "give metres, such as 1.5, or leave it out")


def channels_of(names: Iterable[str]) -> int:
    """Number of channels of all maps with these names together."""
    return sum(MAP_CHANNELS[name] for name in names)


def standard_color_space(name: str) -> ColorSpace:
    """Colour space of a map of this name unless it is tagged with another."""
    return "srgb" if name in COLOR_MAPS else "data"
