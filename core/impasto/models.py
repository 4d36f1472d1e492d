"""The library of models: safetensors files with a model card in the header, in a folder of the user's choice.

A card says what the model is and what it was trained on: name, architecture, the tool that runs it, the training data
with licences and SHA-256, measured figures. No date and no path: the same training gives the same file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .errors import ModelError, ParameterError
from .files import replace_files

SUFFIX = ".safetensors"
CARD_FIELDS = ("name", "architecture", "tool", "data", "figures")
DATA_FIELDS = ("name", "licence", "sha256")


@dataclass(frozen=True)
class Model:
    """A model file and the card in its header."""

    name: str
    path: Path
    size_bytes: int
    card: dict[str, Any]

    def sha256(self) -> str:
        """Hash of the whole file, as recipes hold it."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def models_folder() -> Path:
    """IMPASTO_MODELS, or the user's data folder of this platform."""
    if chosen := os.environ.get("IMPASTO_MODELS"):
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share"))
    return base / "impasto" / "models"


def model_path(name: str, folder: Path | None = None) -> Path:
    """Where the library keeps the model of this name. ParameterError where the name is none."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
        message = f"{name!r} cannot be a model's name"
        raise ParameterError(message, "use up to 64 letters, digits, - and _, such as --name my-brick")
    return (folder or models_folder()) / f"{name}{SUFFIX}"


def list_models(folder: Path | None = None) -> list[Model]:
    """Every model of the library, by name; an absent folder is an empty library."""
    return [read_model(path) for path in sorted((folder or models_folder()).glob(f"*{SUFFIX}"))]


def find_model(wanted: str, tool: str, folder: Path | None = None) -> Model:
    """The model of this name; for "" the first of the library that `tool` runs. ModelError where there is none."""
    if not wanted:
        fitting = [model for model in list_models(folder) if model.card["tool"] == tool]
        if not fitting:
            remedy = f"train one with `impasto train train-{tool} PHOTO --name NAME`, or `impasto models install FILE`"
            raise ModelError(f"{tool} needs a model, and there is none in {folder or models_folder()}", remedy)
        return fitting[0]
    path = model_path(wanted, folder)
    if not path.is_file():
        raise ModelError(f"there is no model {wanted!r} in {path.parent}", "see `impasto models list`")
    model = read_model(path)
    if model.card["tool"] != tool:
        raise ModelError(f"{wanted} is a model for {model.card['tool']}, not for {tool}", "choose another model")
    return model


def read_model(path: Path) -> Model:
    """The model's name, size and card, from its header alone. ModelError where it is no model."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stream:
            metadata = stream.metadata() or {}
        card = json.loads(metadata["card"])
        missing = [name for name in CARD_FIELDS if name not in card]
        if missing:
            raise ValueError(f"its card lacks {', '.join(missing)}")
        return Model(path.stem, path, path.stat().st_size, card)
    except KeyError as error:
        raise ModelError(f"{path} holds no model card", "choose a file that `impasto train` made") from error
    except (OSError, SafetensorError, ValueError, TypeError) as error:
        raise ModelError(f"{path} is not a model file: {error}", "copy or download it again") from error


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """All tensors of a safetensors file, by name, and its metadata. ModelError where it is damaged."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stream:
            return {name: stream.get_tensor(name) for name in stream.keys()}, stream.metadata() or {}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError, TypeError) as error:
        raise ModelError(f"{path} is damaged: {error}", "copy it again, or remove it") from error


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file, beside its target first: an interrupted write loses nothing."""
    from safetensors.numpy import save

    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    replace_files({path: save(plain, dict(metadata))})


def save_model(path: Path, tensors: Mapping[str, np.ndarray], card: Mapping[str, Any]) -> Model:
    """Write a model with its card. ModelError where the card leaves out what it was trained on, or under what terms."""
    missing = [name for name in CARD_FIELDS if name not in card]
    missing += [f"data.{name}" for item in card.get("data", ()) for name in DATA_FIELDS if not item.get(name)]
    if missing:
        raise ModelError(f"the card lacks {', '.join(missing)}", "a model says what it is and what it learned from")
    write_tensors(path, tensors, {"card": json.dumps(card, ensure_ascii=False, sort_keys=True)})
    return read_model(path)


def load_model(model: Model) -> dict[str, np.ndarray]:
    """The model's tensors by name. ModelError where the file is truncated or no safetensors."""
    return read_tensors(model.path)[0]


def install_model(file: Path, folder: Path | None = None) -> Model:
    """Copy a model file into the library under the name in its card, once it has been read in full."""
    model = read_model(file)
    load_model(model)
    target = model_path(str(model.card["name"]), folder)
    if target.exists():
        raise ModelError(f"there is a model {target.stem!r} already", f"`impasto models remove {target.stem}` first")
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_files({target: file.read_bytes()})
    return read_model(target)


def remove_model(name: str, folder: Path | None = None) -> Path:
    """Delete a model of the library, readable or not; returns where it was."""
    path = model_path(name, folder)
    if not path.is_file():
        raise ModelError(f"there is no model {name!r}", "see `impasto models list`")
    path.unlink()
    return path
