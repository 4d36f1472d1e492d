"""Channel packing: pictures whose channels come from maps, as engines expect them, or are constant.

A channel is one channel of a map, or one minus it, so packing is exact and can be undone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import Message, ParameterError, did_you_mean
from ..surface.color import linear_to_srgb
from ..system.untrusted import excerpt
from ..texture import COLOR_MAPS, FINE_MAPS, MAP_CHANNELS, NORMAL_MAPS, Maps, Texture
from .gltf import Placement

NEUTRAL: Mapping[str, tuple[float, ...]] = {
    **{name: (1.0,) * channels for name, channels in MAP_CHANNELS.items()},
    **dict.fromkeys(("roughness", "height"), (0.5,)),
    **dict.fromkeys(("metallic", "transmission_weight"), (0.0,)),
    **dict.fromkeys(NORMAL_MAPS, (0.5, 0.5, 1.0)),
    "emission": (0.0, 0.0, 0.0),
}
"""Values that stand for missing maps: those of a plain surface."""
COMPONENTS = "rgb"
CHANNEL_COUNTS = (1, 3, 4)


@dataclass(frozen=True)
class Layout:
    """Channels of a stored picture. is_color: the first three are a colour, sRGB-encoded in PNG, linear in EXR.

    is_fine: 8 bits per channel would show as steps.
    """

    channels: int
    is_color: bool
    is_fine: bool = False

    @classmethod
    def of_map(cls, name: str) -> Layout:
        """The layout of a map that is stored by itself."""
        return cls(MAP_CHANNELS[name], name in COLOR_MAPS, name in FINE_MAPS)


@dataclass(frozen=True)
class Channel:
    """One channel of a map, inverted on request; or a constant if `map_name` is empty."""

    map_name: str = ""
    index: int = 0
    is_inverted: bool = False
    constant: float = 0.0

    def values(self, maps: Maps) -> np.ndarray:
        """Values (H, W, 1), encoded as in 8-bit files. A missing map gives its neutral value."""
        if self.map_name not in maps:
            neutral = NEUTRAL[self.map_name][self.index] if self.map_name else self.constant
            values = np.full((*maps.size_px, 1), neutral, np.float32)
        else:
            texture = maps[self.map_name]
            values = texture.pixels[..., self.index : self.index + 1]
            values = linear_to_srgb(values) if texture.color_space == "linear" else values
        return 1 - values if self.is_inverted else values


@dataclass(frozen=True)
class PackedPicture:
    """A picture that a packing writes. pattern: its file's name with {name} for the set's, without suffix.

    role: name of its use in a material, for text files that refer to it. has_optional_alpha: the fourth channel is left
    out if its map is missing.
    """

    pattern: str
    channels: tuple[Channel, ...]
    role: str = ""
    has_optional_alpha: bool = False

    @classmethod
    def of_map(cls, name: str, pattern: str = "") -> PackedPicture:
        """A picture of one map, unchanged."""
        return cls(pattern or f"{{name}}_{name}", all_of(name), name)

    @property
    def map_names(self) -> set[str]:
        """Names of the maps in its channels."""
        return {channel.map_name for channel in self.channels if channel.map_name}

    @property
    def layout(self) -> Layout:
        """Channels and colour of the stored picture."""
        first = self.channels[0].map_name
        is_color = first in COLOR_MAPS and self.channels[:3] == all_of(first)
        return Layout(len(self.channels), is_color, bool(self.map_names & FINE_MAPS))

    def for_maps(self, names: Collection[str]) -> PackedPicture:
        """The picture for a set of these maps: without the optional alpha if its map is missing."""
        if self.has_optional_alpha and self.channels[-1].map_name not in names:
            return PackedPicture(self.pattern, self.channels[:-1], self.role)
        return self

    def texture(self, maps: Maps) -> Texture:
        """Pixels (H, W, C) of the packed picture, from whole maps or from a band of their rows."""
        first = self.channels[0].map_name
        if first in maps and self.channels == all_of(first):
            return maps[first]
        pixels = np.concatenate([channel.values(maps) for channel in self.channels], axis=2)
        return Texture(pixels, "srgb" if self.layout.is_color else "data")


@dataclass(frozen=True)
class PackedMaterial:
    """A map set, for writing text files that describe it. files: name of the picture's file for each role.

    maps: names of its maps. placement: part of the UVs that the pictures cover; None for the unit square.
    """

    name: str
    files: Mapping[str, str]
    suffix: str
    size_px: tuple[int, int]
    width_m: float | None
    height_range_m: float | None
    maps: frozenset[str] = frozenset()
    placement: Placement | None = None


@dataclass(frozen=True)
class Packing:
    """Pictures that an engine expects. `describe(material)` returns further text files by name.

    placement: as in `PackedMaterial`.
    """

    name: str
    pictures: tuple[PackedPicture, ...]
    describe: Callable[[PackedMaterial], Mapping[str, str]] = lambda material: {}
    placement: Placement | None = None

    def __post_init__(self) -> None:
        """Raise ParameterError if two pictures have the same file name. Many disks do not distinguish `X` from `x`."""
        patterns = Counter(one.pattern.casefold() for one in self.pictures)
        if same := [one.pattern for one in self.pictures if patterns[one.pattern.casefold()] > 1]:
            names = " and ".join(pattern.format(name="NAME") for pattern in same[:2])
            message = "two packed pictures would be one file: {}"
            raise ParameterError(message, "give them names that differ in more than capitals", names)

    def file_names(self, name: str, suffix: str) -> list[str]:
        """Names of all picture files that a set of this name may have."""
        return [f"{one.pattern.format(name=name)}{suffix}" for one in self.pictures]


def all_of(name: str, *, is_inverted: bool = False) -> tuple[Channel, ...]:
    """All channels of a map."""
    return tuple(Channel(name, index, is_inverted) for index in range(MAP_CHANNELS[name]))


@dataclass(frozen=True)
class MapFiles:
    """The files of a map set: its pictures by path, and further text files."""

    pictures: Mapping[Path, PackedPicture]
    texts: Mapping[Path, str]

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files, the pictures first."""
        return (*self.pictures, *self.texts)

    @classmethod
    def of(cls, maps: Maps, size_px: tuple[int, int], stem: Path, suffix: str, packing: Packing) -> MapFiles:
        """FOLDER/NAME_base_color.png and so on, for whole maps or for a band of their rows. stem: FOLDER/NAME.

        Raise ParameterError if the packing has a picture for none of these maps.
        """
        chosen = [one.for_maps(maps.keys()) for one in packing.pictures if one.map_names & maps.keys()]
        if not chosen:
            remedy = "choose another export, or estimate the maps first"
            raise ParameterError("the export {} shows none of these maps: {}", remedy, packing.name, ", ".join(maps))
        pictures = {stem.with_name(f"{one.pattern.format(name=stem.name)}{suffix}"): one for one in chosen}
        files = {picture.role: path.name for path, picture in pictures.items()}
        scale = maps.width_m, maps.height_range_m
        about = PackedMaterial(stem.name, files, suffix, size_px, *scale, frozenset(maps), packing.placement)
        return cls(pictures, {stem.with_name(file): text for file, text in packing.describe(about).items()})


MAPS = Packing("maps", tuple(map(PackedPicture.of_map, MAP_CHANNELS)))


def parse_pictures(text: str) -> tuple[PackedPicture, ...]:
    """Pictures described by a text such as "orm=ambient_occlusion,roughness,metallic smooth=1-roughness".

    A channel is a map, a component of one (`normal.g`), one minus either, or a number from 0 to 1. ParameterError says
    what is wrong.
    """
    return tuple(_parse_picture(part) for part in text.split())


def _parse_picture(text: str) -> PackedPicture:
    name, separator, channels = text.partition("=")
    if not (separator and re.fullmatch(r"\w+", name, re.ASCII)):
        remedy = "write a name and its channels, such as orm=ambient_occlusion,roughness,metallic"
        raise ParameterError("{} is no packed picture", remedy, excerpt(text))
    found = tuple(channel for part in channels.split(",") for channel in parse_channels(part))
    if len(found) not in CHANNEL_COUNTS:
        message = "the packed picture {} has {} channels"
        raise ParameterError(message, "give it 1, 3 or 4; a map of three channels counts as three", name, len(found))
    if not any(channel.map_name for channel in found):
        raise ParameterError("the packed picture {} shows no map", "name one, such as roughness", name)
    return PackedPicture(f"{{name}}_{name}", found, name)


def parse_channels(text: str) -> Iterable[Channel]:
    """The channels that one item of a packed picture's text stands for. ParameterError says what is wrong."""
    if re.fullmatch(r"[01]|0?\.\d+|[01]\.\d*", text):
        if (constant := float(text)) > 1:
            raise ParameterError("the channel {} is above 1", "give a number from 0 to 1", text)
        return (Channel(constant=constant),)
    is_inverted = text.startswith("1-")
    name, _, component = text.removeprefix("1-").partition(".")
    if name not in MAP_CHANNELS:
        message, remedy = "there is no map called {} to pack", "{}a channel is a map ({}), 1-MAP, or a number"
        raise ParameterError(message, remedy, excerpt(name), did_you_mean(name, MAP_CHANNELS), ", ".join(MAP_CHANNELS))
    channels = all_of(name, is_inverted=is_inverted)
    if not component:
        return channels
    if component not in COMPONENTS[: len(channels)]:
        message = Message("the map {} has no component {}", name, excerpt(component))
        raise ParameterError(message, "its components are {}", ", ".join(COMPONENTS[: len(channels)]))
    return (channels[COMPONENTS.index(component)],)
