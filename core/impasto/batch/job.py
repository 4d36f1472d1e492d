"""A job of a batch as plain data, and its key, which identifies a result that exists."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..actions import RUN, Action
from ..errors import FileError
from ..io.blend import source_at
from ..io.datablocks import Datablock
from ..io.files import source_files
from ..io.map_files import folder_of
from ..io.udim import is_tiled
from ..plugins.registry import registry
from ..recipe import Recipe
from ..running.recording import versions_of
from ..system.typed_json import Count, PositiveLength, as_kind
from ..system.untrusted import explain, sha256_of
from ..tools import model_parameter


@dataclass(frozen=True)
class BatchJob:
    """A recipe that runs on files and writes FOLDER/NAME_base_color.png and so on. It can be pickled.

    recipe: with the values of all parameters. inputs: pictures or folders of maps, by their names in the recipe.
    format: an exporter's name. export: as for a `Sink`. replace: overwrite existing files. width_m,
    color_space: of the source. row: its number in the table. action: another than `run`, with its values as JSON.
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
    action: str = RUN
    values: Mapping[str, Any] = field(default_factory=dict)
    color_space: str = ""

    @property
    def special(self) -> Action | None:
        """Action of the job; None for `run`. Raise ParameterError if no plugin has the action."""
        return None if self.action == RUN else registry().action(self.action)

    @property
    def action_values(self) -> Any:
        """Values of the action, with the type that the action declares."""
        return as_kind(self.special.values, dict(self.values), "values") if self.special else None

    @property
    def has_folder(self) -> bool:
        """Whether its result is a folder of files that an interrupted job continues, instead of maps."""
        return self.special is not None and self.special.has_folder

    def key(self) -> str:
        """SHA-256 of all that the result depends on, except the device: recipe, inputs, models, format, versions.

        Raise FileError if an input cannot be read, ModelError if a model is missing.
        """
        tools = [registry().tool(step.tool) for step in self.recipe.steps]
        about = {
            "recipe": self.recipe.to_dict(),
            "inputs": {name: _content(path) for name, path in self.inputs.items()},
            "models": [_hash(path) for path in self.models()],
            "film": None,  # was part of each key before shots had an action
            "width_m": self.width_m,
            "format": self.format,
            "export": self.export,
            "versions": versions_of(tools),
        }
        about |= {self.action: _hashed(self.special.content(self.action_values))} if self.special else {}
        about |= {"color_space": self.color_space} if self.color_space else {}
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()

    def models(self) -> list[Path]:
        """Files of the models and the installed weights that its tools use. Raise ModelError if a model is missing."""
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
        values = self.special.placed(self.values, Path.cwd()) if self.special else self.values
        return replace(self, inputs=inputs, folder=self.folder.absolute(), values=values)

    def to_dict(self) -> dict[str, Any]:
        """The job as JSON."""
        absolute_job = self.absolute()
        data = {**vars(absolute_job), "recipe": self.recipe.to_dict()}
        return json.loads(json.dumps(data, default=str))


def job_from(data: Any, where: str) -> BatchJob:
    """The job from `BatchJob.to_dict`. FileError names the wrong field; `where` says where the data come from."""
    if isinstance(data, dict) and data.get("film"):  # a shot of an earlier version
        data = {**data, "action": "film", "values": data["film"]}
    return as_kind(BatchJob, data, f"{where}: job", FileError, "run the whole batch again instead")


def _hashed(content: Any) -> Any:
    """The content of an action, with each path replaced by the hash of its file."""
    if isinstance(content, Mapping):
        return {name: _hashed(item) for name, item in content.items()}
    if isinstance(content, list):
        return [_hashed(item) for item in content]
    return _hash(content) if isinstance(content, Path) else content


def _content(path: Path) -> list[Any]:
    """Name of a source and hashes of its files, with Blender's version for one in a .blend."""
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
    """Hash of a file, cached by its size and its time, since many jobs share a style or a model."""
    return sha256_of(path)


@lru_cache(maxsize=256)
def _model(tool: str, wanted: str) -> Path:
    return registry().model_library().find(wanted, tool).path


@lru_cache(maxsize=256)
def _weights(name: str) -> Path | None:
    library = registry().weights_library()
    return library.path(name) if library.is_installed(name) else None
