"""The library of weights that the user has installed: finds, loads, lists and removes them.

A file of it is safetensors, with the tensors that tools need at the precision that they were published in, and says
where it came from.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError, ModelError, ParameterError
from ..plugins import registry
from ..system.folders import user_folder
from ..system.outside import check_file, explained, is_there, open_file, shown
from .models import SUFFIX, read_tensors
from .weights import Weights, differences


@dataclass(frozen=True)
class InstalledWeights:
    """Weights in the library, and what their file says of where they came from.

    published_sha256: of the published files, as far as known.
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
        """Whether they came from the very files that the authors publish; None where nobody can tell."""
        return self.weights.are_published_as(self.published_sha256)

    def sha256(self) -> str:
        """Hash of the whole file, as recipes hold it."""
        with open_file(self.path) as stream, explained(self.path, "read"):
            return hashlib.file_digest(stream, "sha256").hexdigest()


def weights_folder() -> Path:
    """Where installed weights are: IMPASTO_WEIGHTS, or the data folder of this platform."""
    return user_folder("weights")


def known_weights() -> dict[str, Weights]:
    """All that plugins declare, by name."""
    return registry().weights


def weights_named(name: str) -> Weights:
    """The declaration of this name. ParameterError lists what there is."""
    known = known_weights()
    if name not in known:
        raise ParameterError(f"there are no weights called {name!r}", f"choose from {', '.join(sorted(known))}")
    return known[name]


def weights_path(name: str, folder: Path | None = None) -> Path:
    """Where the library keeps the weights of this name, there or not. ParameterError where no plugin knows them."""
    return (folder or weights_folder()) / f"{weights_named(name).name}{SUFFIX}"


def is_installed(name: str, folder: Path | None = None) -> bool:
    """Whether the weights of this name can be loaded, by their file's header."""
    try:
        installed_weights(name, folder)
    except (FileError, ModelError):
        return False
    return True


def installed_weights(name: str, folder: Path | None = None) -> InstalledWeights:
    """The installed weights of this name, by their header. ModelError says how to get them, or what is wrong."""
    weights, path = weights_named(name), weights_path(name, folder)
    if not is_there(path):
        raise ModelError(f"the weights {name} are not installed in {path.parent}", weights.how_to_get)
    return read_weights(weights, path)


def read_weights(weights: Weights, path: Path) -> InstalledWeights:
    """What a file's header says of weights in it. ModelError where it is damaged or holds others."""
    from safetensors import SafetensorError, safe_open

    check_file(path)
    try:
        with safe_open(path, framework="numpy") as stream:
            metadata = stream.metadata() or {}
            shapes = {name: tuple(stream.get_slice(name).get_shape()) for name in stream.keys()}  # noqa: SIM118
        published = tuple(metadata.get("published_sha256", "").split())
    except (OSError, SafetensorError, ValueError, TypeError) as error:
        raise ModelError(f"the weights in {shown(path)} are damaged: {error}", _install_again(weights)) from error
    if wrong := differences(weights.needed(shapes), weights.shapes):
        raise ModelError(f"{shown(path)} does not hold {weights.label}: {wrong[0]}", _install_again(weights))
    known = {key: metadata[key] for key in ("source", "licence") if key in metadata}
    return InstalledWeights(weights, path, path.stat().st_size, published_sha256=published, **known)


def _install_again(weights: Weights) -> str:
    return f"`impasto weights remove {weights.name}`, then {weights.how_to_get}"


def load_weights(installed: InstalledWeights) -> dict[str, np.ndarray]:
    """The tensors that tools need, by name. ModelError where the file is damaged."""
    return installed.weights.needed(read_tensors(installed.path)[0])


def part_paths(weights: Weights, folder: Path | None = None) -> list[Path]:
    """Where the published files are while they come."""
    library = weights_path(weights.name, folder).parent
    return [library / f"{weights.name}-{file.name}.part" for file in weights.files]


def remove_weights(name: str, folder: Path | None = None) -> Path:
    """Delete installed weights, readable or not, and what came of them in downloads; returns where they were."""
    path, parts = weights_path(name, folder), part_paths(weights_named(name), folder)
    there = [file for file in (path, *parts) if is_there(file)]
    if not there:
        raise ModelError(f"the weights {name} are not installed", "see `impasto weights list`")
    for file in there:
        with explained(file, "remove"):
            file.unlink()
    return path


def catalogue(folder: Path | None = None) -> list[dict[str, Any]]:
    """What a host needs to offer the weights, as JSON. Reads the headers of what is installed."""
    return [_as_json(weights, folder) for weights in known_weights().values()]


def _as_json(weights: Weights, folder: Path | None) -> dict[str, Any]:
    path, error = weights_path(weights.name, folder), None
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
        "as_published": installed and installed.is_as_published,
        "error": str(error or ""),
        "how_to_get": weights.how_to_get,
    }


def about_weights(name: str, folder: Path | None = None) -> dict[str, Any]:
    """What the catalogue says of one, its published files, and for what is installed its file, hash, source, terms."""
    weights = weights_named(name)
    about = _as_json(weights, folder)
    files = [{"url": file.url, "sha256": file.sha256, "bytes": file.size_bytes} for file in weights.files]
    if not about["installed"]:
        return about | {"files": files}
    installed = installed_weights(name, folder)
    came_from = {"source": installed.source, "installed_licence": installed.licence}
    return about | {"files": files, "file": str(installed.path), "sha256": installed.sha256()} | came_from
