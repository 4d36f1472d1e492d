"""Frames between the worker and its client: one line of JSON, then raw array bytes. No port, no pickle.

    {"type": "action", "id": 3, "inputs": {"source": {"arrays": {"height": {"$array": ["<f4", [64, 64, 1]]}}}}}\n

An array may be anywhere in a frame. The bytes of arrays follow in the order in which the line names them. Both sides
check types and sizes before they allocate memory. A message crosses with its id and values. Standard library and NumPy
only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import Message, ProtocolError, with_ids, with_messages
from ..system.untrusted import excerpt, parse_json

PROTOCOL = 5
ARRAY = "$array"
"""Name of the only field of an object that stands for an array. Its value is the type and the shape."""
MAX_HEADER_BYTES = 16 * 2**20
MAX_ARRAYS = 64
MAX_DIMENSIONS = 4
MAX_ARRAY_BYTES = 4096 * 4096 * 4 * 4
MAX_FRAME_BYTES = 4096 * 4096 * 24 * 4
"""Limit of all arrays of a frame: the maps of a surface have 14 channels, which leaves ten for other inputs."""
DTYPES = ("<f4", "<f2", "|u1", "<u2")


def write_frame(stream: IO[bytes], frame: Mapping[str, Any]) -> None:
    """Write a frame of plain data, dataclasses, paths, recipes and arrays. Several threads that write share a lock.

    Raise ProtocolError for data that cannot be sent. It is raised before the first byte is written.
    """
    arrays: list[np.ndarray] = []

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            described = [value.dtype.newbyteorder("<").str, list(value.shape)]
            _check_array(described, arrays)
            arrays.append(value)
            return {ARRAY: described}
        if isinstance(value, Path):
            return str(value)
        return value.to_dict() if hasattr(value, "to_dict") else vars(value)

    try:
        line = json.dumps(with_ids(frame), separators=(",", ":"), allow_nan=False, default=plain).encode() + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        message = "a frame cannot contain this: {}"
        raise ProtocolError(message, "give numbers that are finite, and text", error) from error
    if line.count(f'{{"{ARRAY}":'.encode()) != len(arrays):
        raise ProtocolError("a name in a frame is {}, which stands for arrays", "choose another name", ARRAY)
    if len(line) > MAX_HEADER_BYTES:
        raise ProtocolError("a frame's header has {} bytes", "at most {} fit", len(line), MAX_HEADER_BYTES)
    stream.write(line)
    for array in arrays:
        if array.size:
            little_endian = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
            stream.write(little_endian.data.cast("B"))
    stream.flush()


class CutFrameError(ProtocolError):
    """The stream ended within a frame, because the process that wrote the frame has ended."""


def read_frame(stream: IO[bytes]) -> dict[str, Any] | None:
    """The next frame as plain data and arrays, or None at the end of the stream.

    Raise ProtocolError if it is malformed. The stream is of no use afterwards, since nobody knows where a frame begins.
    """
    if not (line := stream.readline(MAX_HEADER_BYTES)):
        return None
    header = parse_json(line, Message("a frame ({})", excerpt(line)), kind=ProtocolError)
    if not isinstance(header, dict):
        raise ProtocolError("this is no frame: {}", "see the worker's log", excerpt(line))
    arrays: list[np.ndarray] = []
    frame = _with_arrays(with_messages(header), arrays)
    for array in arrays:
        if array.size and stream.readinto(array.data.cast("B")) < array.nbytes:  # type: ignore[attr-defined]
            raise CutFrameError("the stream ended in the middle of an array", "start the job again")
    return frame


def _with_arrays(value: Any, arrays: list[np.ndarray]) -> Any:
    """A value of the header with its arrays. They are allocated and added to `arrays`, but not filled yet."""
    if isinstance(value, list):
        return [_with_arrays(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() != {ARRAY}:
        return {name: _with_arrays(item, arrays) for name, item in value.items()}
    _check_array(value[ARRAY], arrays)
    dtype, shape = value[ARRAY]
    try:
        arrays.append(np.empty(shape, dtype))
    except MemoryError as error:
        raise ProtocolError("there is no memory for the pixels that were sent", "send a smaller picture") from error
    return arrays[-1]


def _check_array(described: Any, before: Sequence[np.ndarray]) -> None:
    """Raise ProtocolError unless this array may follow the arrays `before` in a frame."""
    dtype, shape = described if isinstance(described, list) and len(described) == 2 else (described, None)
    if dtype not in DTYPES:
        raise ProtocolError("an array has the dtype {}", "send one of {}", excerpt(dtype), ", ".join(DTYPES))
    sizes = shape if isinstance(shape, list) and len(shape) <= MAX_DIMENSIONS else [-1]
    if not all(type(size) is int and size >= 0 for size in sizes):
        message = "an array has the shape {}"
        raise ProtocolError(message, "send at most {} sizes that are not negative", excerpt(shape), MAX_DIMENSIONS)
    # empty dimensions count as one, since NumPy limits that size too
    count = math.prod(max(size, 1) for size in sizes) * np.dtype(dtype).itemsize
    if len(before) == MAX_ARRAYS:
        raise ProtocolError("a frame has more than {} arrays", "send fewer at once", MAX_ARRAYS)
    if count > (most := min(MAX_FRAME_BYTES - sum(array.nbytes for array in before), MAX_ARRAY_BYTES)):
        message = "an array has {:,} bytes, and the frame carries {:,} more"
        raise ProtocolError(message, "make it smaller, or pass files instead of pixels", count, most)
