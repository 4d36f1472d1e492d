# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of baked maps: their format, and their names by a pattern."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from ..bridge import naming
from ..bridge.encode import FileFormat
from ..core.batch.names import check_pattern
from ..core.errors import ParameterError
from ..core.system.untrusted import excerpt
from ..tools.packed_files import PackedFiles

PNG = "PNG"
FORMATS: Mapping[str, FileFormat] = {
    "PNG_8": FileFormat("PNG", ".png", 8),
    "PNG_16": FileFormat("PNG", ".png", 16),
    "TIFF_8": FileFormat("TIFF", ".tif", 8),
    "TIFF_16": FileFormat("TIFF", ".tif", 16),
    "EXR_HALF": FileFormat("OPEN_EXR", ".exr", 16),
    "EXR_FLOAT": FileFormat("OPEN_EXR", ".exr", 32),
    "TARGA": FileFormat("TARGA", ".tga", 8),
}
FORMAT_ITEMS = (
    (PNG, "PNG", "8 bits a channel, 16 where 8 would show as steps"),
    ("PNG_8", "PNG, 8 bits", "8 bits a channel for all maps"),
    ("PNG_16", "PNG, 16 bits", "16 bits a channel for all maps"),
    ("TIFF_8", "TIFF, 8 bits", "8 bits a channel for all maps"),
    ("TIFF_16", "TIFF, 16 bits", "16 bits a channel for all maps"),
    ("EXR_HALF", "OpenEXR, half float", "Half float; colours are linear"),
    ("EXR_FLOAT", "OpenEXR, float", "32-bit float; colours are linear"),
    ("TARGA", "Targa", "8 bits a channel for all maps"),
)
SEPARATE = "SEPARATE"
"""Choice of files without packing."""
PACKED_FORMATS = {PNG: "png-auto", "PNG_8": "png", "PNG_16": "png16", "EXR_HALF": "exr"}
"""Formats that the engine writes packed files in."""
PATTERN = "{object}_{map}"
FIELDS = ("object", "map")
TILE = re.compile(r"\.\d{4}$")
"""UDIM number at the end of a file's name."""


def check_names(pattern: str) -> None:
    """Raise ParameterError if files cannot be named by a pattern."""
    if "{map}" not in check_pattern(pattern, FIELDS):
        raise ParameterError("the pattern {} does not tell maps apart", "write {map} in it", excerpt(pattern))


def packed_files(folder: Path, preset: str, format_name: str, *, replace: bool) -> PackedFiles:
    """Files for an engine. Raise ParameterError for a format that it does not write them in."""
    if format_name not in PACKED_FORMATS:
        label = next(label for name, label, _ in FORMAT_ITEMS if name == format_name)
        message = "files for an engine cannot be written as {}"
        raise ParameterError(message, "choose PNG or OpenEXR of half floats, or one file for each map", label)
    return PackedFiles.prepare(folder, preset, PACKED_FORMATS[format_name], replace=replace)


def stems(pattern: str, title: str, maps: Collection[str], taken: Collection[str] = ()) -> dict[str, str]:
    """File names of maps, without suffix; the object gets the first number with which none is among the taken ones."""
    return next(found for found in _numbered_stems(pattern, title, maps) if not set(found.values()) & set(taken))


def _numbered_stems(pattern: str, title: str, maps: Iterable[str]) -> Iterator[dict[str, str]]:
    names = list(maps)
    for number in itertools.count(1):
        ending = f"_{number}" if number > 1 else ""
        plain = naming.of_files(title)
        owner, rest = (f"{plain}{ending}", "") if "{object}" in pattern else (plain, ending)
        yield {name: naming.of_files(pattern.format(object=owner, map=name)) + rest for name in names}


def stems_in(folder: Path) -> set[str]:
    """Names without suffix and UDIM number of what is in a folder, which need not be there."""
    return {TILE.sub("", path.stem) for path in folder.iterdir()} if folder.is_dir() else set()
