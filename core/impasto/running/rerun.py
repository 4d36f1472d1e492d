"""Making a file again from the recipe in it, and listing what differs from the first run."""

from __future__ import annotations

import filecmp
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..atlas.mesh import Mesh
from ..descriptions import MESH
from ..errors import FileError, Message, ParameterError, did_you_mean
from ..host import NOBODY, Host
from ..io.datablocks import Datablock
from ..io.decode import is_turned
from ..io.files import is_source, read_maps, read_recipe, source_name
from ..io.formats import Exporter
from ..io.map_files import set_name
from ..io.udim import tile_number, without_number
from ..options import DEFAULT, RunOptions, Sink
from ..plugins.registry import registry
from ..recipe import Recipe, differences
from ..system.names import usable_name
from ..system.untrusted import excerpt, inside, is_folder, is_there, open_file, printable
from ..texture import MAP_CHANNELS, Maps
from ..tools import Result
from ..udim import tile_suffix
from .inputs import read_input
from .runner import run
from .wanted import wanted_by


@dataclass(frozen=True)
class Rerun:
    """Outcome of a rerun. identical: whether the new file of the same map has the same bytes as the given one."""

    result: Result
    paths: tuple[Path, ...]
    differences: list[str]
    identical: bool


def rerun(
    file: Path,
    folder: Path,
    inputs: Mapping[str, Path] | None = None,
    options: RunOptions = DEFAULT,
    host: Host = NOBODY,
) -> Rerun:
    """Run the recipe in `file` on the given inputs, or those next to it, and write new files into `folder`."""
    recipe = read_recipe(file)
    for filled in inputs or {}:
        if filled not in recipe.inputs:
            known = ", ".join(sorted(recipe.inputs)) or "none"
            remedy = Message("{}its inputs are: {}", did_you_mean(filled, recipe.inputs), known)
            raise ParameterError("the recipe in {} has no input {}", remedy, file, excerpt(filled))
    exporter = _exporter_of(file)
    name = source_name(file) if Datablock.at(file) else usable_name(set_name(without_number(file)))
    _refuse_existing(folder, name, tile_suffix(exporter.suffix, tile_number(file)))
    found = {input_: _find(input_, str(about["name"]), file, inputs or {}) for input_, about in recipe.inputs.items()}
    values = {input_: _read(input_, path, recipe) for input_, path in found.items()}
    sink = Sink(folder, name, exporter.name, replace=False)
    again = replace(recipe, inputs={}, made_with={})
    result = run(again, values, replace(options, sink=sink), host)
    assert result.recipe is not None
    twin = folder / file.name
    identical = twin in result.paths and filecmp.cmp(twin, file, shallow=False)
    changed = [*differences(recipe, result.recipe), *_read_otherwise(found, recipe, result.recipe)]
    return Rerun(result, result.paths, changed, identical)


def _read_otherwise(found: Mapping[str, Path], then: Recipe, now: Recipe) -> Iterator[str]:
    """A sentence for each folder of maps whose name is the same and whose pixels differ."""
    for input_, path in found.items():
        before, after = then.inputs[input_], now.inputs[input_]
        if is_folder(path) and before["name"] == after["name"] and before["sha256"] != after["sha256"]:
            yield f"input {input_}: if its files are the same, they are read otherwise now, as the changelog tells"


def _find(input_: str, name: str, file: Path, files: Mapping[str, Path]) -> Path:
    if input_ in files:
        return files[input_]
    if name:
        datablock = Datablock.at(file)
        at = datablock.file if datablock else file
        folders = (at.parent, at.parent.parent)
        beside = [inside(folder, name, f"the input {excerpt(input_)} of {excerpt(file)}") for folder in folders]
        if found := [path for path in beside if is_source(path)]:
            return found[0]
    message = Message("the input {} ({}) is not beside {}", excerpt(input_), excerpt(name), excerpt(file))
    raise FileError(message, "say where it is: --input {}=FILE", printable(input_))


def _read(input_: str, path: Path, recipe: Recipe) -> Maps | Mesh:
    """The input as it was when the recipe ran. In Blender, the EXIF orientation of photographs is not applied."""
    about: Mapping[str, Any] = recipe.inputs[input_]
    wanted = wanted_by(recipe, input_, has_mesh=MESH in recipe.inputs)
    space = str(about.get("color_space", ""))
    texture = read_input(input_, path, color_space=space, wanted=wanted)
    if isinstance(texture, Mesh):
        return texture
    if path.is_file() and is_turned(path) and texture.sha256() != about.get("sha256"):
        as_stored = read_maps(path, upright=False, color_space=space, wanted=wanted)
        texture = as_stored if as_stored.sha256() == about.get("sha256") else texture
    return replace(texture.with_width(about.get("width_m")), height_range_m=about.get("height_range_m"))


def _exporter_of(file: Path) -> Exporter:
    """The exporter that wrote `file`, from its suffix and, for PNG, its bit depth. PNG for a material in a .blend."""
    if Datablock.at(file):
        return registry().exporter("png")
    if file.suffix.lower() == ".png":
        with open_file(file) as stream:
            bits = stream.read(25)[24]  # PNG specification 11.2.2: the bit depth follows width and height
        return registry().exporter("png16" if bits == 16 else "png")
    for exporter in registry().exporters.values():
        if exporter.suffix == file.suffix.lower():
            return exporter
    raise FileError("there is no exporter for {} files", "install the plugin that wrote it", file.suffix)


def _refuse_existing(folder: Path, name: str, suffix: str) -> None:
    for map_ in MAP_CHANNELS:
        path = folder / f"{name}_{map_}{suffix}"
        if is_there(path):
            raise FileError("{} is there already", "choose another --out: rerun never replaces files", path)
