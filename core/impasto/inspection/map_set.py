"""The maps of a folder as they are stored: each of its own size, and what of the folder cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import FileError
from ..io import decode
from ..io.map_files import map_files, map_name, set_name
from ..io.signatures import EXTENSIONS
from ..system.untrusted import files_in, resolve
from ..texture import COLOR_MAPS, MAP_CHANNELS, Texture
from .finding import Finding

LARGEST_PX = 8192 * 8192
DIRECTX = re.compile(r"(normal|nor|nrm)[\s_\-.]*(dx|directx)([\s_\-.]\d+k)?$", re.IGNORECASE)
"""End of the names of normal maps for DirectX, which `map_name` does not recognise."""
COLORFUL = 0.02
"""Mean deviation of channels from their mean above which a grey map has colours; measured sets have none."""


@dataclass(frozen=True)
class InspectedSet:
    """A map set that is inspected. textures: those that could be read. is_directx: by the normal map's name."""

    folder: Path
    files: Mapping[str, Path]
    textures: Mapping[str, Texture]
    is_directx: bool = False

    @property
    def name(self) -> str:
        """Name of the set: that which its files share, or else the folder's."""
        names = {set_name(file) for file in self.files.values()}
        shared = names.pop() if len(names) == 1 else ""
        is_map = shared and map_name(Path(f"{shared}.png"))
        return shared if shared and not is_map else resolve(self.folder).name

    @property
    def largest_px(self) -> tuple[int, int]:
        """(height, width) of the largest map."""
        return max((texture.size_px for texture in self.textures.values()), key=lambda size: size[0] * size[1])

    def pixels(self, name: str) -> np.ndarray | None:
        """A map's pixels (H, W, C); None if there is no such map."""
        return self.textures[name].pixels if name in self.textures else None


def read_map_set(
    folder: Path, on_progress: Callable[[float, str], None] = lambda fraction, message: None
) -> tuple[InspectedSet, list[Finding]]:
    """The set in a folder, and findings about its files. FileError if there are no maps."""
    directx = _directx_normal(folder)
    try:
        files = map_files(folder)
    except FileError:
        if directx is None:
            raise
        files = {}
    is_directx = directx is not None and "normal" not in files
    if directx is not None and is_directx:
        files["normal"] = directx
    textures, findings = {}, list[Finding]()
    for index, (name, file) in enumerate(files.items()):
        on_progress(index / len(files), f"Reading {name}")
        try:
            height, width = decode.read_size(file)
            if height * width > LARGEST_PX:
                message = f"{file.name} is {width}x{height} px, and 64 megapixels are the limit"
                findings.append(Finding("file", name, "error", message, "shrink it, and check that"))
                continue
            textures[name] = decode.read_map(file, name)
            findings += _colors(file, name)
        except FileError as error:
            findings.append(Finding("file", name, "error", error.message, error.remedy))
    findings += _unused_pictures(folder, files)
    return InspectedSet(folder, files, textures, is_directx), findings


def holds_maps(folder: Path) -> bool:
    """Whether a folder has files that are maps by their names."""
    pictures = (file for file in files_in(folder) if file.suffix.lower() in EXTENSIONS)
    return any(map_name(file) or DIRECTX.search(file.stem) for file in pictures)


def _directx_normal(folder: Path) -> Path | None:
    pictures = (file for file in sorted(files_in(folder)) if file.suffix.lower() in EXTENSIONS)
    return next((file for file in pictures if DIRECTX.search(file.stem)), None)


def _colors(file: Path, name: str) -> Iterator[Finding]:
    """Findings about a map of one channel that is stored with colours."""
    if name in COLOR_MAPS or MAP_CHANNELS[name] == 3:
        return
    rgb = decode.read_map(file, "normal").pixels[::4, ::4]
    deviation = float(np.abs(rgb - rgb.mean(2, keepdims=True)).mean())
    if deviation > COLORFUL:
        message = f"{file.name} has colours where {name.replace('_', ' ')} is grey, and only its red is used"
        remedy = "split it, if several maps are packed into its channels, or rename it"
        yield Finding("channels", name, "warning", message, remedy, figures={"deviation": deviation})


def _unused_pictures(folder: Path, files: Mapping[str, Path]) -> Iterator[Finding]:
    """Notes about pictures that are not read."""
    for file in sorted(files_in(folder)):
        if file.suffix.lower() in EXTENSIONS and file not in files.values():
            name = map_name(file)
            reason = f"there is another file for {name}" if name else "its name names no map"
            remedy = "remove one of them" if name else "rename it, such as brick_roughness.png, if it is one"
            yield Finding("file", name or "", "note", f"{file.name} is not read: {reason}", remedy)
