"""The library of model files: safetensors with a model card in the header, in a folder of the user's choice."""

from __future__ import annotations

import json
import os
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ModelError

MAX_HEADER_BYTES = 100 * 2**20


@dataclass(frozen=True)
class Model:
    """A model file and the card in its header (architecture, data and licences, figures)."""

    name: str
    path: Path
    size_bytes: int
    card: dict[str, Any]


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


def list_models(folder: Path | None = None) -> list[Model]:
    """Every readable model of the library, by name; an absent folder is an empty library."""
    return [read_model(path) for path in sorted((folder or models_folder()).glob("*.safetensors"))]


def read_model(path: Path) -> Model:
    """The model's name, size and card, from its header alone. ModelError where it is not safetensors."""
    try:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > MAX_HEADER_BYTES:
                raise ValueError("the header is too long")
            header = json.loads(stream.read(length))
        return Model(path.stem, path, path.stat().st_size, dict(header.get("__metadata__", {})))
    except (OSError, ValueError, struct.error, AttributeError) as error:
        raise ModelError(f"{path} is not a model file: {error}", "copy or download it again") from error
