"""The library of weights that the user has installed: installs, finds, lists and removes them.

Its files are safetensors with the tensors that tools need, in the published precision. Their source is in the metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..descriptions import WeightsDescription
from ..errors import FileError, Message, ModelError, ParameterError, choices
from ..system.folders import user_folder
from ..system.locks import held
from ..system.untrusted import excerpt, explain, is_there, sha256_of
from .published import recognise
from .tensors import SUFFIX, open_tensors, read_tensors, write_tensors
from .weights import Weights, differences


@dataclass(frozen=True)
class InstalledWeights:
    """Weights in the library, with the source that their file states.

    published_sha256: hashes of the published files, if known.
    """

    weights: Weights
    path: Path
    size_bytes: int
    source: str = "unknown"
    licence: str = "unknown"
    published_sha256: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name in the catalogue."""
        return self.weights.name

    @property
    def is_as_published(self) -> bool | None:
        """Whether they come from exactly the files that the authors publish; None if that is unknown."""
        return self.weights.are_published_as(self.published_sha256)

    def sha256(self) -> str:
        """Hash of the whole file, as recipes hold it."""
        return sha256_of(self.path)

    def load(self) -> dict[str, np.ndarray]:
        """The tensors that tools need, by name. Raise ModelError if the file is damaged."""
        return self.weights.needed_tensors(read_tensors(self.path)[0])


def read_weights(weights: Weights, path: Path) -> InstalledWeights:
    """The weights in a file, read from its header. Raise ModelError if it is damaged or holds other weights."""

    def refuse(error: Exception) -> ModelError:
        return ModelError("the weights in {} are damaged: {}", _install_again(weights), excerpt(path), error)

    with open_tensors(path, refuse) as stream:
        metadata = stream.metadata() or {}
        shapes = {name: tuple(stream.get_slice(name).get_shape()) for name in stream.keys()}  # noqa: SIM118
    published = tuple(metadata.get("published_sha256", "").split())
    if wrong := differences(weights.needed_tensors(shapes), weights.shapes):
        raise ModelError("{} does not contain {}: {}", _install_again(weights), excerpt(path), weights.label, wrong[0])
    known = {key: metadata[key] for key in ("source", "licence") if key in metadata}
    return InstalledWeights(weights, path, path.stat().st_size, published_sha256=published, **known)


def _install_again(weights: Weights) -> str:
    return Message("`impasto weights remove {}`, then {}", weights.name, weights.how_to_get)


@dataclass(frozen=True)
class WeightsLibrary:
    """The weights that plugins declare, by name, and the `folder` of those that the user has installed."""

    folder: Path = field(default_factory=lambda: user_folder("weights"))
    declared: Mapping[str, Weights] = field(default_factory=dict)

    def by_name(self, name: str) -> Weights:
        """The declaration of this name. ParameterError suggests known names."""
        if name not in self.declared:
            remedy = choices(name, self.declared, "`impasto weights list`")
            raise ParameterError("there are no weights called {}", remedy, excerpt(name))
        return self.declared[name]

    def path(self, name: str) -> Path:
        """File for the weights of this name, installed or not. Raise ParameterError if no plugin declares them."""
        return self.folder / f"{self.by_name(name).name}{SUFFIX}"

    def part_paths(self, name: str) -> list[Path]:
        """Partial files for the download of these weights, one for each published file."""
        return [self.folder / f"{name}-{file.name}.part" for file in self.by_name(name).files]

    def is_installed(self, name: str) -> bool:
        """Whether the weights of this name are installed, and the header of their file is sound."""
        try:
            self.installed_weights(name)
        except (FileError, ModelError):
            return False
        return True

    def installed_weights(self, name: str) -> InstalledWeights:
        """The installed weights of this name. ModelError says how to get them, or what is wrong with their file."""
        weights, path = self.by_name(name), self.path(name)
        if not is_there(path):
            raise ModelError("the weights {} are not installed in {}", weights.how_to_get, name, path.parent)
        return read_weights(weights, path)

    def install(self, files: Sequence[Path], name: str = "") -> InstalledWeights:
        """Install weights from published `files` (.pth, .h5 or .safetensors), or from a file of another library.

        name: the weights that the files must hold. If empty, they are recognised by the names and shapes of tensors.
        Raise ModelError if a file is damaged, unsafe or of another network, or if these weights are already installed.
        """
        found = recognise(files, [self.by_name(name)] if name else list(self.declared.values()))
        name = found.weights.name
        with held(self.path(name)):
            self._refuse_to_replace(name)
            write_tensors(self.path(name), found.arrays(), found.metadata)
            for part in self.part_paths(name):
                with explain(part, "remove"):
                    part.unlink(missing_ok=True)
        return self.installed_weights(name)

    def download(
        self, name: str, on_progress: Callable[[float, str], None] = lambda fraction, message: None
    ) -> InstalledWeights:
        """Download and install the weights of this name. `on_progress` may raise Cancelled; a later call resumes.

        Raise ModelError if the download fails or is not the published file, FileError if the disk is full or another
        process downloads or installs them.
        """
        from .download import fetch_weights  # imports HTTP and TLS, which nothing else needs

        weights, parts = self.by_name(name), self.part_paths(name)
        if not weights.is_downloadable:
            raise ModelError("{} has no published hash to check a download by", weights.how_to_get, weights.label)
        with held(self.path(name)):
            self._refuse_to_replace(name)
            fetch_weights(weights, parts, on_progress)
            return self.install(parts, name)

    def _refuse_to_replace(self, name: str) -> None:
        if self.is_installed(name):
            raise ModelError("the weights {} are installed already", "`impasto weights remove {}` first", name, name)

    def remove(self, name: str) -> Path:
        """Delete installed weights, readable or not, and partial downloads. Return the path of the weights."""
        path = self.path(name)
        there = [file for file in (path, *self.part_paths(name)) if is_there(file)]
        if not there:
            raise ModelError("the weights {} are not installed", "see `impasto weights list`", name)
        for file in there:
            with explain(file, "remove"):
                file.unlink()
        return path

    def catalogue(self) -> list[WeightsDescription]:
        """Descriptions of all weights for hosts. The headers of installed ones are read."""
        return [self._description(weights) for weights in self.declared.values()]

    def _description(self, weights: Weights) -> WeightsDescription:
        path, error = self.path(weights.name), None
        try:
            installed = read_weights(weights, path) if is_there(path) else None
        except (FileError, ModelError) as damage:
            installed, error = None, damage
        return {
            "name": weights.name,
            "label": weights.label,
            "description": weights.description,
            "licence": weights.licence,
            "page": weights.page,
            "bytes": weights.download_bytes,
            "downloadable": weights.is_downloadable,
            "installed": installed is not None,
            "as_published": installed.is_as_published if installed else None,
            "error": str(error or ""),
            "how_to_get": weights.how_to_get,
        }

    def about(self, name: str) -> dict[str, Any]:
        """A catalogue entry with the published files, and if installed, the file, hash, source and licence."""
        weights = self.by_name(name)
        about: dict[str, Any] = {**self._description(weights)}
        files = [{"url": file.url, "sha256": file.sha256, "bytes": file.size_bytes} for file in weights.files]
        if not about["installed"]:
            return about | {"files": files}
        installed = self.installed_weights(name)
        came_from = {"source": installed.source, "installed_licence": installed.licence}
        return about | {"files": files, "file": str(installed.path), "sha256": installed.sha256()} | came_from
