# SPDX-License-Identifier: GPL-3.0-or-later
"""Asset catalogues of the open file and of the libraries in the preferences, and the material assets in them.

Blender's Python API has neither. Catalogues are read from and added to `blender_assets.cats.txt`. The catalogue of an
asset is known only once it is loaded, so materials are linked into a temporary file, which loads none of their images.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import FileError, Message, ParameterError
from ..core.io.assets import CATALOGS_FILE, catalog_ids, with_catalogs
from ..core.system.transaction import replace_files
from ..core.system.untrusted import excerpt, read_bytes

MOST_BYTES = 2**24
"""Size limit of a file of catalogues."""
NO_CATALOG = "00000000-0000-0000-0000-000000000000"
"""Blender's id of no catalogue."""
BETWEEN = "/"
"""Separator between the names of nested catalogues."""


@dataclass(frozen=True)
class Asset:
    """A material asset of a library. catalog: id of its catalogue."""

    file: Path
    name: str
    catalog: str


def library_folder(name: str) -> Path | None:
    """Folder of a library in the preferences; for "" the folder with the open file's catalogues, or None.

    Raise ParameterError for an unknown library.
    """
    if not name:
        file = Path(bpy.data.filepath) if bpy.data.filepath else None
        return next((folder for folder in file.parents if (folder / CATALOGS_FILE).is_file()), None) if file else None
    libraries = bpy.context.preferences.filepaths.asset_libraries
    if name not in libraries:
        known = ", ".join(libraries.keys()) or "none"
        raise ParameterError("there is no asset library called {}", "the preferences have: {}", excerpt(name), known)
    return Path(bpy.path.abspath(libraries[name].path))


def catalogs_of(library: str) -> dict[str, str]:
    """Ids of a library's catalogues by their paths, such as Stone/Brick. Raise ImpastoError if they cannot be read."""
    folder = library_folder(library)
    return catalog_ids(_text_in(folder)) if folder is not None else {}


def folder_of_file(file: Path) -> Path:
    """Folder of the catalogues that Blender shows for the assets of a file.

    That is the file's own folder, unless it has no catalogues and the file is in an asset library of the preferences:
    then it is the library's folder.
    """
    if (file.parent / CATALOGS_FILE).is_file():
        return file.parent
    libraries = [Path(bpy.path.abspath(one.path)) for one in bpy.context.preferences.filepaths.asset_libraries]
    return next((folder for folder in libraries if folder.name and file.is_relative_to(folder)), file.parent)


def add_catalogs(folder: Path, paths: Iterable[str]) -> dict[str, str]:
    """Add catalogues to a folder's file, whose others stay; return the ids of all, by path. FileError."""
    before = _text_in(folder)
    text = with_catalogs(before, paths)
    if text != before:
        replace_files({folder / CATALOGS_FILE: text.encode()})
    return catalog_ids(text)


def _text_in(folder: Path) -> str:
    """Text of a folder's file of catalogues; empty without one."""
    file = folder / CATALOGS_FILE
    return read_bytes(file, MOST_BYTES).decode("utf-8", "replace") if file.is_file() else ""


def ids_within(library: str, catalog: str) -> set[str]:
    """Ids of a catalogue and of those nested in it. Raise ParameterError if the library has none of this name."""
    known = catalogs_of(library)
    path = catalog.strip().strip(BETWEEN)
    found = {id_ for name, id_ in known.items() if name == path or name.startswith(f"{path}{BETWEEN}")}
    if not found:
        message = Message("there is no catalogue called {} in {}", excerpt(catalog), library or "the open file")
        raise ParameterError(message, "choose from {}", ", ".join(sorted(known)) or "none: it has no catalogues")
    return found


def assets_of(library: str) -> Iterator[Asset]:
    """Material assets in the files of a library, by file and name. Raise FileError if a file cannot be read."""
    folder = library_folder(library)
    if folder is None or not folder.is_dir():
        raise FileError("the asset library {} is not in {}", "correct its path in the preferences", library, folder)
    for file in sorted(folder.rglob("*.blend")):
        yield from _assets_in(file)


def _assets_in(file: Path) -> list[Asset]:
    with bpy.data.temp_data() as temporary:
        try:
            with temporary.libraries.load(str(file), link=True, assets_only=True) as (found, wanted):
                wanted.materials = list(found.materials)
        except OSError as error:
            raise FileError("cannot read the asset library's file {}", "repair it, or move it away", file) from error
        materials = [item for item in wanted.materials if item is not None]
        return sorted((Asset(file, item.name, catalog_of(item)) for item in materials), key=lambda asset: asset.name)


def catalog_of(material: bpy.types.Material) -> str:
    """Id of an asset's catalogue; empty for other materials."""
    return material.asset_data.catalog_id.lower() if material.asset_data else ""


def search_catalogs(settings: Any, _context: bpy.types.Context, typed: str) -> list[str]:
    """Catalogues of the chosen library with this in their paths, for a property."""
    try:
        return [path for path in sorted(catalogs_of(settings.library)) if typed.lower() in path.lower()]
    except (FileError, ParameterError):
        return []
