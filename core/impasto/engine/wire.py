"""Frames between the worker and its client: one line of JSON, then raw array bytes. No port, no pickle.

    {"type": "job", "id": 3, …, "arrays": [{"name": "source/base_color", "dtype": "<f4", "shape": [64, 64, 3]}]}\n

Both sides check types and sizes before they allocate memory. Standard library and NumPy only.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from ..errors import ProtocolError
from ..system.names import MAX_NAME_BYTES
from ..system.untrusted import excerpt, parse_json

PROTOCOL = 3
MAX_HEADER_BYTES = 16 * 2**20
MAX_ARRAYS = 64
MAX_DIMENSIONS = 4
MAX_ARRAY_BYTES = 4096 * 4096 * 4 * 4
MAX_FRAME_BYTES = 4096 * 4096 * 24 * 4
"""Limit of all arrays of a frame: the maps of a surface have 14 channels, which leaves ten for other inputs."""
DTYPES = ("<f4", "<f2", "|u1", "<u2")
CHUNK_BYTES = 2**20
STALL_LIMIT_S = 30.0
"""Time limit for the header of a frame that has begun, and then for each chunk."""


def write_frame(stream: IO[bytes], header: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> None:
    """Write `header` and `arrays`. The caller holds a lock if several threads write.

    ProtocolError for data that cannot be sent; nothing is written then.
    """
    arrays = arrays or {}
    described = [
        {"name": name, "dtype": array.dtype.newbyteorder("<").str, "shape": array.shape}
        for name, array in arrays.items()
    ]
    _check_arrays(described)
    try:
        line = json.dumps({**header, "arrays": described}, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise ProtocolError(
            f"a frame cannot contain this: {error}", "give numbers that are finite, and text"
        ) from error
    if len(line) > MAX_HEADER_BYTES:
        raise ProtocolError(f"a frame's header has {len(line)} bytes", f"at most {MAX_HEADER_BYTES} fit")
    stream.write(line)
    for array in arrays.values():
        if array.size:
            little_endian = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
            stream.write(little_endian.data.cast("B"))
    stream.flush()


class FrameError(ProtocolError):
    """A frame whose arrays cannot be read, so that nothing after it can; `id` is the job's, unchecked."""

    def __init__(self, message: str, remedy: str, id_: object = None) -> None:
        super().__init__(message, remedy)
        self.id = id_


class CutFrameError(FrameError):
    """A frame of which the stream has only a part: who wrote it has ended."""


class FrameReader:
    """Reader of frames from a stream. After a ProtocolError that is no FrameError, `read` finds the next frame."""

    def __init__(self, stream: IO[bytes], stall_s: float = STALL_LIMIT_S) -> None:
        self._stream, self._stall_s = stream, stall_s
        self._deadline: float | None = None

    @property
    def is_late(self) -> bool:
        """Whether a frame has stalled. Checked by another thread, which can end the process on the other side."""
        deadline = self._deadline
        return deadline is not None and time.monotonic() > deadline

    def read(self) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """The next frame: (header, arrays), or None at the end of the stream. ProtocolError if it is malformed."""
        try:
            if not (first := self._stream.read(1)):
                return None
            self._wait()
            return self._frame(first if first == b"\n" else first + self._stream.readline(MAX_HEADER_BYTES))
        finally:
            self._deadline = None

    def _frame(self, line: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        header = parse_json(line, f"a frame ({excerpt(line)})", kind=ProtocolError)
        if not isinstance(header, dict):
            raise ProtocolError(f"this is no frame: {excerpt(line)}", "see the worker's log")
        described = header.pop("arrays", [])
        try:
            _check_arrays(described)
            return header, {item["name"]: self._array(item) for item in described}
        except EOFError as error:
            raise CutFrameError(
                f"the stream ended in the middle of {error}", "start the job again", header.get("id")
            ) from None
        except ProtocolError as error:
            raise FrameError(error.message, error.remedy, header.get("id")) from error

    def _array(self, item: Mapping[str, Any]) -> np.ndarray:
        try:
            array = np.empty(item["shape"], item["dtype"])
        except MemoryError as error:
            raise ProtocolError(f"there is no memory for {item['name']}", "send a smaller picture") from error
        view, filled = array.data.cast("B") if array.size else memoryview(b""), 0
        while filled < len(view):
            self._wait()
            count = self._stream.readinto(view[filled : filled + CHUNK_BYTES])  # type: ignore[attr-defined]
            if not count:
                raise EOFError(item["name"])
            filled += count
        return array

    def _wait(self) -> None:
        self._deadline = time.monotonic() + self._stall_s


def _check_arrays(described: Any) -> None:
    if not isinstance(described, list):
        raise ProtocolError(f"arrays must be a list, got {excerpt(described)}", "see the worker's log")
    if len(described) > MAX_ARRAYS:
        raise ProtocolError(f"a frame has {len(described)} arrays", f"send at most {MAX_ARRAYS} at once")
    names = set()
    for item in described:
        name = _check_array(item)
        if name in names:
            raise ProtocolError(f"two arrays have the name {excerpt(name)}", "give each a name of its own")
        names.add(name)
    total = sum(map(_bytes, described))
    if total > MAX_FRAME_BYTES:
        message = f"the arrays have {total:,} bytes together, a frame carries {MAX_FRAME_BYTES:,}"
        raise ProtocolError(message, "make them smaller, or pass files instead of pixels")


def _check_array(item: Any) -> str:
    """The name of a described array. ProtocolError names the wrong field."""
    if not isinstance(item, dict):
        raise ProtocolError(f"an array is described by {excerpt(item)}", "give its name, dtype and shape")
    name, dtype, shape = item.get("name"), item.get("dtype"), item.get("shape")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_BYTES:
        raise ProtocolError(f"an array's name must be text, got {excerpt(name)}", "name it INPUT/MAP")
    if dtype not in DTYPES:
        raise ProtocolError(f"the dtype of {excerpt(name)} is {excerpt(dtype)}", f"send one of {', '.join(DTYPES)}")
    sizes = shape if isinstance(shape, (list, tuple)) and len(shape) <= MAX_DIMENSIONS else [-1]
    if not all(type(size) is int and size >= 0 for size in sizes):
        message = f"the shape of {excerpt(name)} is {excerpt(shape)}"
        raise ProtocolError(message, f"send at most {MAX_DIMENSIONS} sizes that are not negative")
    if _bytes(item) > MAX_ARRAY_BYTES:
        raise ProtocolError(
            f"{excerpt(name)} has {_bytes(item):,} bytes, a frame carries {MAX_ARRAY_BYTES:,} (4096x4096 RGBA float)",
            "make it smaller, or pass files instead of pixels",
        )
    return name


def _bytes(item: Mapping[str, Any]) -> int:
    """Size of an array in bytes, with empty dimensions counted as one, since NumPy limits that size too."""
    return math.prod(max(size, 1) for size in item["shape"]) * np.dtype(item["dtype"]).itemsize
