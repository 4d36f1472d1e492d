"""Frames between the worker and its client: one line of JSON, then raw array bytes. No port, no pickle.

    {"type": "job", "id": 3, …, "arrays": [{"name": "source/base_color", "dtype": "<f4", "shape": [64, 64, 3]}]}\n

Both sides check types and sizes before they allocate. Standard library and NumPy only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from .errors import ProtocolError
from .outside import parse_json

PROTOCOL = 2
MAX_HEADER_BYTES = 16 * 2**20
MAX_ARRAYS = 64
MAX_ARRAY_BYTES = 4096 * 4096 * 4 * 4
DTYPES = ("<f4", "<f2", "|u1", "<u2")


def write_frame(stream: IO[bytes], header: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> None:
    """Write `header` and `arrays`. The caller holds a lock if several threads write."""
    arrays = arrays or {}
    described = [
        {"name": name, "dtype": array.dtype.newbyteorder("<").str, "shape": array.shape}
        for name, array in arrays.items()
    ]
    _check_arrays(described)
    line = json.dumps({**header, "arrays": described}, separators=(",", ":")).encode() + b"\n"
    if len(line) > MAX_HEADER_BYTES:
        raise ProtocolError(f"a frame's header has {len(line)} bytes", f"at most {MAX_HEADER_BYTES} fit")
    stream.write(line)
    for array in arrays.values():
        if array.size:
            little_endian = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
            stream.write(little_endian.data.cast("B"))
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Read one frame: (header, arrays), or None at the end of the stream. ProtocolError where it is not a frame."""
    line = stream.readline(MAX_HEADER_BYTES)
    if not line:
        return None
    header = parse_json(line, f"not a frame, since {line[:40]!r}", kind=ProtocolError)
    if not isinstance(header, dict):
        raise ProtocolError(f"not a frame: {line[:80]!r}", "see the worker's log")
    described = header.pop("arrays", [])
    _check_arrays(described)
    return header, {item["name"]: _read_array(stream, item) for item in described}


def _check_arrays(described: Any) -> None:
    if not isinstance(described, list) or len(described) > MAX_ARRAYS:
        raise ProtocolError(f"a frame carries at most {MAX_ARRAYS} arrays", "send fewer maps at once")
    for item in described:
        try:
            name, dtype, shape = item["name"], item["dtype"], item["shape"]
            sizes_are_valid = all(isinstance(size, int) and size >= 0 for size in shape)
        except (TypeError, KeyError) as error:
            raise ProtocolError(f"an array is described wrongly: {str(item)[:80]}", "see the worker's log") from error
        if not isinstance(name, str) or dtype not in DTYPES or not sizes_are_valid:
            raise ProtocolError(f"{name}: {dtype} {shape} cannot be sent", f"send one of {', '.join(DTYPES)}")
        if _bytes(item) > MAX_ARRAY_BYTES:
            raise ProtocolError(
                f"{name} has {_bytes(item):,} bytes, a frame carries {MAX_ARRAY_BYTES:,} (4096x4096 RGBA float)",
                "make it smaller, or pass files instead of pixels",
            )


def _bytes(item: Mapping[str, Any]) -> int:
    return math.prod(item["shape"]) * np.dtype(item["dtype"]).itemsize


def _read_array(stream: IO[bytes], item: Mapping[str, Any]) -> np.ndarray:
    array = np.empty(item["shape"], item["dtype"])
    view, filled = array.data.cast("B") if array.size else memoryview(b""), 0
    while filled < len(view):
        count = stream.readinto(view[filled:])  # type: ignore[attr-defined]
        if not count:
            raise ProtocolError(f"the stream ended in the middle of {item['name']}", "start the job again")
        filled += count
    return array
