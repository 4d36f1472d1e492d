# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of results, made from the names of the source, model or style rather than the tool."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import bpy

from ..core.io.map_files import folder_of
from ..engine.catalogue import catalogue, properties_of
from ..parameters import properties
from ..parameters.groups import CLASS
from . import images, set_files
from .materials import LABELS

WITH = " – "
"""Separator of source and style: "wall – Starry Night"."""
NOTHING = "Texture"
"""Name of a result without a source."""
LONGEST_BYTES = 63 - len("_ambient_occlusion.001")
"""Most bytes of a name: Blender before 5.0 allows 63, including the map's name and a number."""
NUMBERED = re.compile(r"\.\d{3,}$")
FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\<>:"|?*]')
"""Characters that some platform forbids in file names."""
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)$")


def of_result(
    tool: Mapping[str, Any],
    parameters: Mapping[str, Any],
    source: bpy.types.ID | Path | None,
    inputs: Mapping[str, Sequence[bpy.types.ID | Path | None]],
) -> str:
    """Name of a tool's result, from the source and the model or styles; without any of them, from the tool."""
    made_with = [of_source(style) for style in inputs.get("style", ()) if style is not None]
    label = " + ".join(made_with) or _label_of_model(tool, parameters)
    if not tool["uses_subject"]:
        return of_parts("", label or tool["label"])
    return of_parts(of_source(source) if source is not None else "", label)


def of_parts(source: str, made_with: str = "") -> str:
    """ "wall – Starry Night", short enough for Blender; the longer part is shortened."""
    parts = [part for part in (source.strip(), made_with.strip()) if part]
    while len(WITH.join(parts).encode()) > LONGEST_BYTES:
        longest = max(range(len(parts)), key=lambda index: len(parts[index].encode()))
        parts[longest] = parts[longest].removesuffix("…")[:-1].rstrip() + "…"
    return WITH.join(parts) or NOTHING


def of_source(source: bpy.types.ID | Path) -> str:
    """Name of a picture or material. The style is left out if the picture or material is a result itself."""
    name = of_set(source)
    is_made = not isinstance(source, Path) and images.RECIPE in source
    return name.partition(WITH)[0] if is_made else name


def of_set(source: bpy.types.ID | Path) -> str:
    """Name of a picture or material without the file extension, the map and the number."""
    if isinstance(source, Path):
        return _without_map(set_files.plain_name(folder_of(source)) or source.stem)
    name = NUMBERED.sub("", source.name)
    if isinstance(source, bpy.types.Image):
        stem, dot, ending = name.rpartition(".")
        name = _without_map(stem if dot and f".{ending.lower()}" in bpy.path.extensions_image else name)
    return name


def images_of_set(image: bpy.types.Image) -> list[bpy.types.Image]:
    """This image that a recipe made, and the other maps of its set."""
    return [one for one in images.made_with(image) if of_set(one) == of_set(image)]


def _without_map(name: str) -> str:
    return next((name.removesuffix(f"_{map_}") for map_ in LABELS if name.endswith(f"_{map_}")), name) or name


def _label_of_model(tool: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    parameter = properties.model_parameter(tool)
    if parameter is None:
        return ""
    wanted = str(parameters.get(parameter, ""))
    model = catalogue.model(tool["name"], wanted)
    if model is None:
        return Path(wanted).stem
    classes = [name for name, schema in properties_of(tool).items() if schema.get("format") == CLASS]
    chosen = [parameters[name] for name in classes[:1] if model["classes"] and parameters.get(name)]
    return str(next(iter(chosen), model["label"]))


def of_files(name: str) -> str:
    """The name, changed where some platform forbids it as a file name."""
    plain = FORBIDDEN.sub("_", name).strip().strip(".").strip() or NOTHING
    return f"{plain}_" if RESERVED.match(plain.partition(".")[0]) else plain


def free(folder: Path, name: str, maps: Iterable[str] = LABELS) -> str:
    """The first of NAME, NAME_2, NAME_3, … that no file of a map set in the folder uses."""
    taken = {path.stem for path in folder.iterdir()} if folder.is_dir() else set()
    return next(one for one in _numbered_names(name) if not any(f"{one}_{map_}" in taken for map_ in maps))


def free_for_engine(folder: Path, name: str) -> str:
    """The first of NAME, NAME_2, … that no file exported for a game engine uses: these begin with NAME_ or T_NAME_."""
    taken = [path.stem.removeprefix("T_") for path in folder.iterdir()] if folder.is_dir() else []
    return next(one for one in _numbered_names(name) if not any(f"{stem}_".startswith(f"{one}_") for stem in taken))


def _numbered_names(name: str) -> Iterator[str]:
    return itertools.chain([name], (f"{name}_{number}" for number in itertools.count(2)))
