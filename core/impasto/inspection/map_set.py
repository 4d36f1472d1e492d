"""The maps of a folder as they are stored, each at its own size, and findings about files that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import FileError
from ..io import decode
from ..io.map_files import ALL_OF_ONE, MapSet, MapSource, map_name, set_at, sets_in, tiles_in
from ..io.unpacking import named_map
from ..system.untrusted import excerpt, files_in, is_folder, resolve
from ..texture import COLOR_MAPS, MAP_CHANNELS, Texture
from .finding import Finding

LARGEST_PX = 8192 * 8192
COLORFUL = 0.02
"""Mean deviation of channels from their mean above which a grey map has colours; measured sets have none."""


@dataclass(frozen=True)
class InspectedSet:
    """A map set, or a UDIM tile of one, to inspect. textures: the maps that could be read.

    path: of the set, or FOLDER/*.1001.* for its tile 1001. color_space: replaces the colour space that the files of
    colour maps name; "" does not.
    """

    path: Path
    found: MapSet
    textures: Mapping[str, Texture]
    color_space: str = ""

    @property
    def name(self) -> str:
        """Name of the set: the part that the names of its files share, or else that of the folder."""
        return self.found.name or resolve(self.path).name

    @property
    def maps(self) -> Mapping[str, MapSource]:
        """The sources of its maps by name."""
        return self.found.maps

    @property
    def is_directx(self) -> bool:
        """Whether the name of the normal map says that it is DirectX."""
        return "normal" in self.maps and self.maps["normal"].place.is_inverted

    @property
    def largest_px(self) -> tuple[int, int]:
        """(height, width) of the largest map."""
        return max((texture.size_px for texture in self.textures.values()), key=lambda size: size[0] * size[1])

    def pixels(self, name: str) -> np.ndarray | None:
        """A map's pixels (H, W, C); None if there is no such map."""
        return self.textures[name].pixels if name in self.textures else None


def sets_to_check(path: Path) -> list[tuple[Path, int]]:
    """Path and tile (0 for none) of each set at a path: in a folder, in folders below it, or named by itself.

    Raise FileError if there are none.
    """
    if tiles := tiles_in(path):
        return [(path, number) for number in tiles]
    if not is_folder(path):
        if set_at(path) is None:
            raise FileError("{} is no folder", "give the folder of a PBR set", excerpt(path))
        return [(path, 0)]
    sets = [one for one in sets_in(path)[0] if len(one.maps) > 1]
    if len(sets) > 1:
        named = [path / f"{one.name}{ALL_OF_ONE}" for one in sets]
        return [(one, number) for one in named for number in tiles_in(one) or (0,)]
    below = [one for one in files_in(path) if is_folder(one) and (tiles_in(one) or sets_in(one)[0])]
    if sets or not below:
        set_at(path)
        return [(path, 0)]
    return [item for one in below for item in sets_to_check(one)]


def read_map_set(
    path: Path,
    tile: int = 0,
    on_progress: Callable[[float, str], None] = lambda fraction, message: None,
    color_space: str = "",
) -> tuple[InspectedSet, list[Finding]]:
    """The set at a path, or one of its tiles, and findings about its files. Raise FileError if there are no maps."""
    found = MapSet(f"{path.name}.{tile}", tiles_in(path)[tile]) if tile else set_at(path)
    whole = path if path.name.endswith(ALL_OF_ONE) else path / "*"
    place = whole.with_name(f"{whole.name}.{tile}.*") if tile else path
    if found is None:
        raise FileError("{} is no map set", "give the folder of one", excerpt(path))
    textures, findings = {}, list[Finding]()
    for index, (name, source) in enumerate(found.maps.items()):
        on_progress(index / len(found.maps), f"Reading {name}")
        try:
            height, width = decode.read_size(source.file)
            if height * width > LARGEST_PX:
                message = f"{source.file.name} is {width}x{height} px, and 64 megapixels are the limit"
                findings.append(Finding("file", name, "error", message, "shrink it, and check that"))
                continue
            textures[name] = named_map(source, name, color_space)
            findings += () if source.place.channel else _colors(source.file, name)
        except FileError as error:
            findings.append(Finding("file", name, "error", error.message, error.remedy))
    for file, reason in found.left_out.items():
        remedy = "rename it, such as brick_roughness.png, if it is one" if "name" in reason else ""
        name = (map_name(file) or "") if reason.startswith("there is another") else ""
        findings.append(Finding("file", name, "note", f"{file.name} is not read: {reason}", remedy))
    return InspectedSet(place, found, textures, color_space), findings


def _colors(file: Path, name: str) -> Iterator[Finding]:
    """A finding about a map of one channel whose file has colours."""
    if name in COLOR_MAPS or MAP_CHANNELS[name] == 3:
        return
    rgb = decode.read_map(file, "normal").pixels[::4, ::4]
    deviation = float(np.abs(rgb - rgb.mean(2, keepdims=True)).mean())
    if deviation > COLORFUL:
        message = f"{file.name} has colours where {name.replace('_', ' ')} is grey, and only its red is used"
        remedy = "split it, if several maps are packed into its channels, or rename it"
        yield Finding("channels", name, "warning", message, remedy, figures={"deviation": deviation})
