"""Frames arrive as they were sent, and nothing is allocated before it is checked."""

import io
import json

import numpy as np
import pytest

from impasto.engine.wire import FrameReader, write_frame
from impasto.errors import ProtocolError


def read_frame(stream: io.BytesIO):
    return FrameReader(stream).read()


def sent(header, arrays=None) -> io.BytesIO:
    stream = io.BytesIO()
    write_frame(stream, header, arrays)
    stream.seek(0)
    return stream


@pytest.mark.parametrize("dtype", ["<f4", "<f2", "|u1", "<u2", ">f4"])
def test_arrays_of_every_type_and_shape_arrive(dtype):
    arrays = {
        "a": np.arange(24).reshape(2, 3, 4).astype(dtype),
        "empty": np.zeros((0, 3), dtype),
        "view": np.arange(24).astype(dtype).reshape(4, 6)[::-1, ::2],
    }
    header, received = read_frame(sent({"type": "job", "id": 3, "text": "grün"}, arrays))
    assert header == {"type": "job", "id": 3, "text": "grün"}
    for name, array in arrays.items():
        assert np.array_equal(received[name], array)


@pytest.mark.parametrize(
    "line", [b"hello\n", b"[1]\n", b"\xff\xfe\n", b'{"arrays": 3}\n', b'{"arrays": [{"name": 1}]}\n']
)
def test_what_is_no_frame_is_refused(line):
    with pytest.raises(ProtocolError):
        read_frame(io.BytesIO(line))


@pytest.mark.parametrize(
    "described",
    [
        {"name": "a", "dtype": "<f8", "shape": [2]},
        {"name": "a", "dtype": "|O", "shape": [2]},
        {"name": "a", "dtype": "<f4", "shape": [-1]},
        {"name": "a", "dtype": "<f4", "shape": [2**40, 2**40]},
        {"name": "a", "dtype": "<f4", "shape": 7},
    ],
)
def test_arrays_that_must_not_be_allocated_are_refused(described):
    with pytest.raises(ProtocolError):
        read_frame(io.BytesIO(json.dumps({"arrays": [described]}).encode() + b"\n"))


def test_a_stream_that_ends_inside_an_array_is_refused():
    stream = sent({}, {"a": np.zeros(100, np.float32)})
    with pytest.raises(ProtocolError, match="in the middle of a"):
        read_frame(io.BytesIO(stream.getvalue()[:-1]))
    assert read_frame(io.BytesIO()) is None
