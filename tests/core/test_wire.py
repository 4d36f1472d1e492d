"""Frames arrive as they were sent, and nothing is allocated before it is checked."""

import io

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


def test_a_stream_that_ends_inside_an_array_is_refused():
    stream = sent({}, {"a": np.zeros(100, np.float32)})
    with pytest.raises(ProtocolError, match="in the middle of a"):
        read_frame(io.BytesIO(stream.getvalue()[:-1]))
    assert read_frame(io.BytesIO()) is None
