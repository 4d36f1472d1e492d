"""Map sets by the names of their files: the map that each holds, the name that they share, and the tile."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import FileError
from ..system.untrusted import files_in, is_folder
from . import decode
from .udim import is_tiled, tile_number, tiles_at, without_number

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "base_color": (
        "base_color",
        "basecolor",
        "basemap",
        "bc",
        "base",
        "albedo",
        "diffuse",
        "diff",
        "color",
        "colour",
        "col",
    ),
    "roughness": ("roughness", "rough", "rgh"),
    "metallic": ("metallic", "metalness", "metal", "met"),
    "bent_normal": ("bent_normal", "bentnormal", "bent_normals"),
    "normal": ("normal", "normal_gl", "normalgl", "nor_gl", "nor", "nrm", "normal_opengl"),
    "height": ("height", "displacement", "disp", "bump"),
    "ambient_occlusion": ("ambient_occlusion", "ambientocclusion", "ao", "occlusion"),
    "opacity": ("opacity", "alpha", "mask"),
    "emission": ("emission", "emissive", "emit"),
    "transmission_weight": ("transmission_weight", "transmission"),
    "confidence": ("confidence",),
}
"""Suffixes that common texture libraries give to the files of each map, the most specific first."""
OTHER_SUFFIXES = ("blend_mask",)
"""Suffixes of files that are no maps, although they end like some: MatSynth's masks of blended materials."""


def map_files(folder: Path) -> dict[str, Path]:
    """The files of a map set by map, as in `first_of_each`. FileError if there are none."""
    found = first_of_each(files_in(folder))
    if not found:
        raise FileError(
            f"{folder} contains no maps that can be recognised by their names",
            "name them like brick_base_color.png, brick_roughness.png",
        )
    return found


def tiles_in(path: Path) -> dict[int, dict[str, Path]]:
    """The files of a tiled image by number and map, one without a map's name by ""; empty for other sources."""
    if is_tiled(path):
        return {number: {"": file} for number, file in tiles_at(path).items()}
    files = files_in(path) if is_folder(path) else []
    numbers = sorted({tile_number(file) for file in files} - {0})
    if first_of_each(file for file in files if not tile_number(file)):
        return {}
    tiles = {number: first_of_each(file for file in files if tile_number(file) == number) for number in numbers}
    return {number: tile for number, tile in tiles.items() if tile}


def first_of_each(files: Iterable[Path]) -> dict[str, Path]:
    """The files that hold maps, by map. Of several for one map, readable formats, then earlier `SUFFIXES` come first.

    So MatSynth's basecolor.png is taken before its diffuse.png, and height.png before displacement.png.
    """
    found: dict[str, tuple[bool, int, Path]] = {}
    for file in files:
        name, rank = _map_and_rank(without_number(file))
        if name and file.suffix.lower() in decode.EXTENSIONS + decode.REFUSED_EXTENSIONS:
            item = file.suffix.lower() not in decode.EXTENSIONS, rank, file
            found[name] = min(found.get(name, item), item)
    return {name: file for name, (_, _, file) in found.items()}


def map_name(file: Path) -> str | None:
    """The map that a file holds, by the suffix of its name: "normal" for brick_normal_gl.png."""
    return _map_and_rank(file)[0]


def _map_and_rank(file: Path) -> tuple[str | None, int]:
    """The map that a file holds, and the place of its suffix among the map's."""
    stem = re.sub(r"[\s\-.]+", "_", file.stem.lower())
    stem = "_" + re.sub(r"_\d+k$", "", stem)
    if stem.endswith(tuple(f"_{suffix}" for suffix in OTHER_SUFFIXES)):
        return None, 0
    for name, suffixes in SUFFIXES.items():
        for rank, suffix in enumerate(suffixes):
            if stem.endswith(f"_{suffix}"):
                return name, rank
    return None, 0


def set_name(file: Path) -> str:
    """Name that the maps of a set share: "brick" for brick_base_color.png; the whole stem if it names no map."""
    suffixes = sorted((suffix for names in SUFFIXES.values() for suffix in names), key=len, reverse=True)
    found = re.fullmatch(rf"(.+?)[\s\-._]+(?:{'|'.join(suffixes)})(?:_\d+k)?", file.stem, re.IGNORECASE)
    return found[1] if found else file.stem
