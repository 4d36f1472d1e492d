"""Search for the pictures in a folder: photographs, PBR sets and boxes of contact sheets, with class and licence."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from ..errors import FileError, Message
from ..io import decode
from ..io.cards import read_index
from ..io.map_files import (
    ALL_OF_ONE,
    MOST_PREVIEWS,
    ONLY_IN_SETS,
    MapSet,
    MapSource,
    by_tile,
    map_name,
    pictures_among,
    sets_among,
    sets_in,
    tiles_in,
)
from ..io.reduction import Wanted
from ..io.unpacking import read_textures
from ..system.names import as_unicode
from ..system.transaction import recover
from ..system.untrusted import excerpt, files_in, inside, is_folder, is_there, resolve, sha256_of
from ..texture import Maps, Texture
from ..udim import tile_suffix
from .beside import Captions, SourceTable
from .prepare import Preparation, prepare

INDEX = "index.json"


@dataclass(frozen=True)
class PictureSource:
    """A photograph, a PBR set, a box in a contact sheet, or maps in memory. Pixels of files are not read yet.

    maps: sources by name; a photograph or a sheet is base_color. box: (left, top, right, bottom) in the sheet, in
    pixels. loaded: the maps in memory. captions: sentences that describe it; boxes have none.
    """

    name: str
    label: str | None
    licence: str
    sha256: str
    maps: Mapping[str, MapSource] = field(default_factory=dict)
    box: tuple[int, int, int, int] | None = None
    loaded: Maps | None = None
    sheet_sha256: str = ""
    captions: tuple[str, ...] = ()

    @property
    def source(self) -> tuple[str, str]:
        """Name and SHA-256 of the licensed work: the map set, the photograph or the whole contact sheet."""
        return (self.name.partition("@")[0], self.sheet_sha256) if self.box else (self.name, self.sha256)

    def prepared_maps(self, preparation: Preparation) -> Maps:
        """The maps, prepared for training. Raise FileError if they cannot be read."""
        if self.loaded is not None:
            return prepare(self.loaded, preparation, self.loaded.width_m, self.loaded.height_range_m, self.name)
        space = preparation.color_space
        if self.box:
            left, top, right, bottom = self.box
            pixels = _sheet(self.maps["base_color"].file, space)[top:bottom, left:right]
            if pixels.shape[:2] != (bottom - top, right - left):
                raise FileError("lies outside its contact sheet: box {}", "correct {}", self.box, INDEX)
            return prepare({"base_color": Texture(pixels, "srgb")}, preparation, name=self.name)
        color, wanted = self.maps["base_color"].file, Wanted(color_space=space)
        textures: Mapping[str, Texture] = (
            decode.read_picture(color, wanted) if len(self.maps) == 1 else read_textures(self.maps, wanted)[0]
        )
        metadata = decode.read_metadata(color)
        return prepare(textures, preparation, metadata.get("width_m"), metadata.get("height_range_m"), self.name)


Found: TypeAlias = tuple[str, str | None, Mapping[str, MapSource]]
"""The name, the label and the maps of a picture."""


@functools.lru_cache(maxsize=1)
def _sheet(path: Path, color_space: str) -> np.ndarray:
    """Pixels (H, W, 3) of a contact sheet. The last sheet is cached, since its boxes are read one after the other."""
    return decode.read_picture(path, Wanted(color_space=color_space))["base_color"].pixels


def find_pictures(path: Path, licence: str) -> tuple[list[PictureSource], list[tuple[str, str]]]:
    """The pictures at `path`, and (name, reason) for files that are rejected without decoding them.

    A single file is a photograph. A folder with an index.json of boxes, `path` or one below it, holds contact sheets.
    Elsewhere, files that share a name and have the suffixes of maps form a PBR set, and all others are photographs. A
    picture's class is the name of its folder below `path`, unless that folder holds nothing but a single set. A
    SOURCES.tsv in `path` or above takes precedence (columns separated by tabs: `file`, relative to it, `licence`, and
    optionally `class`). Raise FileError if `path` cannot be read.
    """
    if not is_there(path):
        raise FileError("cannot read {}: no such file or folder", "check its name", excerpt(path))
    listed = SourceTable.nearest(path if is_folder(path) else path.parent)
    if is_there(path / INDEX):
        return list(_boxes(path, "", listed, licence)), []
    if is_folder(path):
        found, sheets, left_out = _walk(path)
    else:
        found, sheets, left_out = [(path.name, None, {"base_color": MapSource(path)})], [], []
    captions = Captions(path if is_folder(path) else path.parent)
    pictures: list[PictureSource] = []
    prefixes: set[str] = set()
    for number, folder in enumerate(sheets, start=1):
        below = as_unicode(folder.relative_to(path).parts[0])
        prefix = f"{below}/" if f"{below}/" not in prefixes else f"{below} ({number})/"
        prefixes.add(prefix)
        try:
            pictures += _boxes(folder, prefix, listed, licence)
        except FileError as error:
            left_out.append((f"{prefix}{INDEX}", without_paths(error.message, [folder / INDEX, folder])))
    for item in found:
        try:
            pictures.append(_picture(*item, listed, licence, captions))
        except FileError as error:
            left_out.append((item[0], without_paths(error.message, (source.file for source in item[2].values()))))
    return pictures, left_out


def pictures_in(folder: Path) -> list[Path]:
    """The sources in a folder: the folder itself if it is one map set, else FOLDER/NAME_* for each, and photographs.

    If there is no complete set, sets in folders below are included. Other files next to a set are left out; reading the
    set gives a note on them.
    """
    if tiles_in(folder):
        return [folder]
    sets, rest = sets_in(folder)
    complete = [one for one in sets if "base_color" in one.maps and len(one.maps) > 1]
    partial = [one for one in sets if one not in complete and ONLY_IN_SETS & one.maps.keys()]
    single = [file for one in sets if one not in complete + partial for file in one.files]
    photographs = sorted(file for file in [*rest, *single] if not _shares_name(file, complete))
    has_previews = len(photographs) <= MOST_PREVIEWS
    if len(complete) == 1 and has_previews:
        return [folder]
    if complete:
        pictures = [file for file in photographs if file in single or not has_previews]
        return [folder / f"{one.name}{ALL_OF_ONE}" for one in complete] + pictures
    maps = [name for one in partial for name in one.maps]
    if partial and not photographs and len(set(maps)) == len(maps):
        return [folder]
    below = [item for item in files_in(folder) if is_folder(item) and not item.name.startswith(".")]
    below = [item for item in below if tiles_in(item) or any(len(one.maps) > 1 for one in sets_in(item)[0])]
    in_folders = [source for item in below for source in pictures_in(item)]
    return photographs + [folder / f"{one.name}{ALL_OF_ONE}" for one in partial] + in_folders


def _picture(
    name: str, label: str | None, maps: Mapping[str, MapSource], listed: SourceTable, licence: str, captions: Captions
) -> PictureSource:
    files = {map_: source.file for map_, source in maps.items()}
    about = listed.row(files["base_color"])
    hashes = {map_: _sha256(file) for map_, file in sorted(files.items())}
    sha256 = hashes["base_color"] if len(files) == 1 else hashlib.sha256(json.dumps(hashes).encode()).hexdigest()
    label, licence = about.get("class") or label, about.get("licence") or licence
    return PictureSource(name, label, licence, sha256, maps, captions=captions.of(files))


def _sha256(file: Path) -> str:
    """Hash of a picture's file. Raise FileError, before all is read, if it is too long for the picture's size."""
    decode.read_size(file)
    return sha256_of(file)


def without_paths(message: str, files: Iterable[Path]) -> str:
    """The message with file names instead of paths, since a manifest must not reveal the machine's folders."""
    for file in files:
        message = message.replace(excerpt(file), excerpt(Path(file.name))).replace(str(file), file.name)
    return message


def _as_name(parts: Sequence[str]) -> str:
    """Name of a file for cards and manifests: its class folder, if any, and its own name, without other folders."""
    return as_unicode("/".join((*parts[:-1][:1], *parts[-1:])))


def _walk(root: Path) -> tuple[list[Found], list[Path], list[tuple[str, str]]]:
    """The photographs and sets below `root`, the folders of contact sheets, and (name, reason) of files left out."""
    found: list[Found] = []
    sheets: list[Path] = []
    left_out: list[tuple[str, str]] = []
    for folder, entries in _folders(root, left_out):
        parts = folder.relative_to(root).parts
        recover(folder)
        if INDEX in (entry.name for entry in entries):
            sheets.append(folder)
            continue
        sets, photographs, unused = _group(pictures_among(entries))
        is_set_folder = len(sets) == 1 and not photographs
        label = as_unicode(parts[0]) if len(parts) > is_set_folder else None
        for name, maps in sets.items():
            found.append((_as_name(parts if is_set_folder and parts else (*parts, name or "set")), label, maps))
        found += [(_as_name((*parts, file.name)), label, {"base_color": MapSource(file)}) for file in photographs]
        left_out += [(_as_name((*parts, file.name)), reason) for file, reason in unused]
    return _numbered(sorted(found, key=lambda item: item[0])), sorted(sheets), left_out


def _numbered(found: list[Found]) -> list[Found]:
    """The pictures with a number appended to each repeated name."""
    counts: Counter[str] = Counter()
    distinct = []
    for name, label, files in found:
        counts[name] += 1
        distinct.append((f"{name} ({counts[name]})" if counts[name] > 1 else name, label, files))
    return distinct


def _folders(root: Path, left_out: list[tuple[str, str]]) -> Iterator[tuple[Path, list[Path]]]:
    """Every visible folder from `root` down, with its entries. Unreadable ones are added to `left_out`."""
    waiting = [root]
    while waiting:
        folder = waiting.pop(0)
        try:
            entries = files_in(folder)
        except FileError as error:
            if folder == root:
                raise
            left_out.append((_as_name(folder.relative_to(root).parts), without_paths(error.message, [folder])))
            continue
        yield folder, entries
        waiting += [one for one in entries if one.name[0] != "." and is_folder(one) and not one.is_symlink()]


def _group(files: list[Path]) -> tuple[dict[str, Mapping[str, MapSource]], list[Path], list[tuple[Path, str]]]:
    """A folder's sets (maps by the set's name), its photographs, and (file, reason) for all other files."""
    found, names, photographs = list[MapSet](), list[str](), list[Path]()
    for number, of_tile in by_tile(files).items():
        sets, rest = sets_among(of_tile)
        found += sets
        names += [f"{one.name}{tile_suffix('', number)}" for one in sets]
        photographs += rest
    whole = [one for one in found if len(one.maps) > 1 and "base_color" in one.maps]
    unused = [(file, reason) for one in found for file, reason in one.left_out.items()]
    for one in (one for one in found if one not in whole):
        for name, source in one.maps.items():
            if name in ONLY_IN_SETS:
                unused.append((source.file, Message("is a {} map by its name, with no base colour beside it", name)))
            else:
                photographs.append(source.file)
    has_previews = len(whole) == 1 and len(photographs) <= MOST_PREVIEWS
    beside = [file for file in photographs if _shares_name(file, whole) or (has_previews and map_name(file) is None)]
    unused += [(file, "lies beside a PBR set and is none of its maps") for file in beside]
    photographs = [file for file in photographs if file not in beside]
    maps = {name: one.maps for name, one in zip(names, found, strict=True) if one in whole}
    return maps, sorted(set(photographs)), unused


def _shares_name(file: Path, sets: Iterable[MapSet]) -> bool:
    """Whether a file's name begins with a set's name: brick_2.png does for brick_color.png, brickyard.png does not."""
    names = (re.escape(one.name) for one in sets if one.name)
    return any(re.match(rf"{name}(?![^\W_])", file.stem) for name in names)


def _boxes(folder: Path, prefix: str, listed: SourceTable, licence: str) -> Iterator[PictureSource]:
    """The boxes of the contact sheets in a folder. Their class is the sheet's name in lower case."""
    index = read_index(folder / INDEX)
    for name, places in sorted(index.boxes.items()):
        file = folder / name
        if inside(folder, name, "a contact sheet").parent != resolve(folder):
            raise FileError("{} names {}, which is not in its folder", "put the sheets beside it", INDEX, excerpt(name))
        about = listed.row(file)
        try:
            sha256 = _sha256(file)
        except FileError:  # raised again for each of its boxes when they are read
            sha256 = ""
        for x, y in places:
            yield PictureSource(
                f"{prefix}{name}@{x},{y}",
                about.get("class") or file.stem.lower(),
                about.get("licence") or licence,
                hashlib.sha256(f"{sha256} {x} {y} {index.tile}".encode()).hexdigest(),
                {"base_color": MapSource(file)},
                (x, y, x + index.tile, y + index.tile),
                sheet_sha256=sha256,
            )
