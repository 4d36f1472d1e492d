"""Safetensors files, written atomically, with the same bytes for the same content; and weights of eight bits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelError
from ..system.transaction import replace_files
from ..system.untrusted import check_file, excerpt

SUFFIX = ".safetensors"
MOST_BYTES = 2**31
"""Limit of a file of models or weights. The largest known file, VGG19 with its classifier, has 0.6 GB."""
SCALE = ":scale"
"""Ending of the name of the scales (N,) for a tensor (N, ...)."""


@contextmanager
def open_tensors(path: Path, refuse: Callable[[Exception], ModelError], framework: str = "numpy") -> Iterator[Any]:
    """A safetensors file, open for reading. Any error within the block becomes the one that `refuse` returns."""
    from safetensors import SafetensorError, safe_open

    check_file(path, MOST_BYTES)
    try:
        with safe_open(path, framework=framework) as stream:
            yield stream
    except (OSError, SafetensorError, ValueError, TypeError) as error:
        raise refuse(error) from error


def all_tensors(stream: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """All tensors of an open safetensors file, by name, and its metadata."""
    return {name: stream.get_tensor(name) for name in stream.keys()}, stream.metadata() or {}  # noqa: SIM118


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """All tensors of a safetensors file, by name, and its metadata. Raise ModelError if it is damaged."""

    def refuse(error: Exception) -> ModelError:
        return ModelError("{} is damaged: {}", "copy it again, or remove it", excerpt(path), error)

    with open_tensors(path, refuse) as stream:
        return all_tensors(stream)


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file atomically: an interrupted write loses nothing."""
    replace_files({path: tensor_file(tensors, metadata)})


def tensor_file(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """The content of a safetensors file."""
    from safetensors.numpy import save

    plain = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    return _in_order(save(plain, dict(metadata)))


def _in_order(file: bytes) -> bytes:
    """A safetensors file with sorted metadata, since the library's order is arbitrary."""
    length = int.from_bytes(file[:8], "little")
    header = json.loads(file[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header.get("__metadata__", {}).items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + file[8 + length :]


def restored_tensors(tensors: Mapping[str, np.ndarray], file: str) -> dict[str, np.ndarray]:
    """The tensors, with quantised ones converted to float32. Raise ModelError if their scales do not fit."""
    tensors_left = {name: tensor for name, tensor in tensors.items() if not name.endswith(SCALE)}
    for name, scales in tensors.items():
        if not name.endswith(SCALE):
            continue
        name = name.removesuffix(SCALE)
        values = tensors_left.get(name)
        if values is None or values.dtype != np.int8 or scales.dtype.kind != "f" or scales.shape != values.shape[:1]:
            raise ModelError("{} is damaged: {}", "copy it again, or remove it", excerpt(file), excerpt(name + SCALE))
        tensors_left[name] = values * scales_beside(scales.astype(np.float32), values)
    return tensors_left


def scales_beside(scales: np.ndarray, tensor: np.ndarray) -> np.ndarray:
    """The scales as (N, 1, ...), with as many axes as the tensor (N, ...)."""
    return scales.reshape(-1, *[1] * (tensor.ndim - 1))
