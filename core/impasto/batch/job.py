"""A job of a batch as plain data, and the key by which a job that is done is recognised."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..engine.requests import Film
from ..errors import FileError, ProtocolError
from ..film.footage import shot_files
from ..film.frames import numbered_files
from ..io.blend import source_at
from ..io.datablocks import Datablock
from ..io.files import source_files
from ..io.map_files import folder_of
from ..io.udim import is_tiled
from ..plugins.registry import registry
from ..recipe import Recipe
from ..running.recording import versions_of
from ..system.typed_json import Count, PositiveLength, as_kind
from ..system.untrusted import explain, open_file
from ..tools import model_parameter


@dataclass(frozen=True)
class BatchJob:
    """A recipe to run on files, which writes FOLDER/NAME_base_color.png and so on. It can be pickled.

    recipe: with the values of all parameters. inputs: pictures or folders of maps, by their names in the recipe.
    format: an exporter's name. export: as for a `Sink`. replace: overwrite existing files. width_m,
    color_space: of the source. row: its number in the table. film: frames in place of a source, which are repainted
    into the folder FOLDER/NAME.
    """

    name: str
    recipe: Recipe
    inputs: Mapping[str, Path]
    folder: Path
    format: str = "png"
    export: str = ""
    replace: bool = False
    device: str = "auto"
    width_m: PositiveLength | None = None
    row: Count = 0
    film: Film | None = None
    color_space: str = ""

    def key(self) -> str:
        """SHA-256 of all that the result depends on but the device: recipe, inputs, models, format, versions.

        FileError if an input cannot be read, ModelError if a model is missing.
        """
        tools = [registry().tool(step.tool) for step in self.recipe.steps]
        about = {
            "recipe": self.recipe.to_dict(),
            "inputs": {name: _content(path) for name, path in self.inputs.items()},
            "models": [_hash(path) for path in self.models()],
            "film": self.film and _film_content(self.film),
            "width_m": self.width_m,
            "format": self.format,
            "export": self.export,
            "versions": versions_of(tools),
        }
        about |= {"color_space": self.color_space} if self.color_space else {}
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()

    def models(self) -> list[Path]:
        """Files of the models and the installed weights that its tools use. ModelError if a model is missing."""
        found: list[Path] = []
        for step in self.recipe.steps:
            tool = registry().tool(step.tool)
            if parameter := model_parameter(tool):
                found.append(_model(tool.name, str(step.parameters.get(parameter, ""))))
            found += filter(None, map(_weights, tool.weights))
        return found

    def absolute(self) -> BatchJob:
        """The job with absolute paths."""
        inputs = {name: path.absolute() for name, path in self.inputs.items()}
        film = self.film and film_in(Path.cwd(), self.film)
        return replace(self, inputs=inputs, folder=self.folder.absolute(), film=film)

    def to_dict(self) -> dict[str, Any]:
        """The job as JSON."""
        given = self.absolute()
        data = {**vars(given), "recipe": self.recipe.to_dict(), "film": given.film and vars(given.film)}
        return json.loads(json.dumps(data, default=str))


def job_from(data: Any, where: str) -> BatchJob:
    """The job of `BatchJob.to_dict`. FileError names the wrong field; `where` says where it comes from."""
    try:
        return as_kind(BatchJob, data, "job")
    except ProtocolError as error:
        raise FileError(f"{where}: {error.message}", "run the whole batch again instead") from error


def film_in(folder: Path, film: Film) -> Film:
    """The film, whose paths are relative to a folder."""
    return replace(film, shot=folder / film.shot, keyframes=film.keyframes and folder / film.keyframes)


def _film_content(film: Film) -> list[Any]:
    """Names and hashes of frames, or of a movie and which of its frames. FileError if there are none, or some lack."""
    keyframes = numbered_files(film.keyframes) if film.keyframes else {}
    files = shot_files(film.shot, film.first, film.last)
    painted = {str(number): _hash(path) for number, path in keyframes.items()}
    return [film.first, film.last, film.frame_step, {path.name: _hash(path) for path in files}, painted]


def _content(path: Path) -> list[Any]:
    """Name of a source, and what it depends on: hashes of its files, and Blender's version for one in a .blend."""
    datablock = Datablock.at(path)
    if datablock and datablock.is_gltf:
        return [datablock.title, [[file.name, _hash(file)] for file in source_files(path)]]
    if datablock:
        source = source_at(datablock)
        return [datablock.title, source.blender, [[file.name, _hash(file)] for file in source.files]]
    if not folder_of(path) and not is_tiled(path):
        return [path.name, _hash(path)]
    return [path.name, {file.name: _hash(file) for file in source_files(path)}]


def _hash(path: Path) -> str:
    with explain(path, "read"):
        about = path.stat()
    return _hash_of(path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=4096)
def _hash_of(path: Path, size_bytes: int, changed_ns: int) -> str:
    """Hash of a file as long as its size and its time do not change: many jobs share a style or a model."""
    with open_file(path) as stream, explain(path, "read"):
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=256)
def _model(tool: str, wanted: str) -> Path:
    return registry().model_library().find(wanted, tool).path


@lru_cache(maxsize=256)
def _weights(name: str) -> Path | None:
    library = registry().weights_library()
    return library.path(name) if library.is_installed(name) else None
