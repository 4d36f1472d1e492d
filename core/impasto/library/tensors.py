"""Safetensors files, written atomically, with the same bytes for the same content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import ModelError
from ..system.transaction import replace_files
from ..system.untrusted import check_file, excerpt

SUFFIX = ".safetensors"
MOST_BYTES = 2**31
"""Limit of a file of models or weights; the largest that is known here, VGG19 with its classifier, has 0.6 GB."""


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """All tensors of a safetensors file, by name, and its metadata. ModelError if it is damaged."""
    from safetensors import SafetensorError, safe_open

    check_file(path, MOST_BYTES)
    try:
        with safe_open(path, framework="numpy") as stream:
            return {name: stream.get_tensor(name) for name in stream.keys()}, stream.metadata() or {}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError, TypeError) as error:
        raise ModelError(f"{excerpt(path)} is damaged: {error}", "copy it again, or remove it") from error


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file atomically: an interrupted write loses nothing."""
    replace_files({path: tensor_file(tensors, metadata)})


def tensor_file(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """The content of a safetensors file."""
    from safetensors.numpy import save

    plain = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    return _in_order(save(plain, dict(metadata)))


def _in_order(file: bytes) -> bytes:
    """A safetensors file with its metadata sorted; the library's order is arbitrary."""
    length = int.from_bytes(file[:8], "little")
    header = json.loads(file[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header.get("__metadata__", {}).items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + file[8 + length :]
