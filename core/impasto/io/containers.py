"""Sizes in the headers of JPEG XL (ISO 18181-1) and of AVIF and HEIC (boxes of ISO 14496-12 and 23008-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

MAX_BOXES = 1000
MAX_BOX_BYTES = 2**22
"""Limit of the boxes whose content is read: headers of pictures in many tiles have some hundred kilobytes."""
JXL_HEAD_BYTES = 32
SIZE_BITS = (9, 13, 18, 30)
"""Lengths of a side less one, by the two bits before it (ISO 18181-1, U32 of SizeHeader)."""
RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
"""Width to height of JPEG XL by the three bits of a ratio, from 1."""
NESTED = {b"meta": 4, b"iprp": 0, b"ipco": 0}
"""Boxes that hold those of sizes and colours, with the bytes before their first box."""


def jpeg_xl_size(stream: IO[bytes]) -> tuple[int, int]:
    """(width, height) of a JPEG XL, bare or in a container. KeyError without a code stream."""
    head = stream.read(JXL_HEAD_BYTES)
    if head[:2] != b"\xff\x0a":
        stream.seek(0)
        head = _code_stream(stream)
    bits = _Bits(head[2:])
    is_small = bits.take(1)

    def side() -> int:
        return 8 * (bits.take(5) + 1) if is_small else bits.take(SIZE_BITS[bits.take(2)]) + 1

    height = side()
    ratio = bits.take(3)
    across, down = RATIOS[ratio - 1]
    return (height * across // down if ratio else side()), height


def picture_facts(stream: IO[bytes]) -> tuple[tuple[int, int], tuple[int, int] | None]:
    """The largest (width, height) that an AVIF or HEIC has, and its colour primaries and transfer (ITU-T H.273).

    KeyError if there is no size.
    """
    sizes: list[tuple[int, int]] = []
    color = None
    for kind, content in _properties(stream):
        if kind == b"ispe":
            sizes.append(struct.unpack(">II", content[4:12]))
        elif kind == b"colr" and content[:4] == b"nclx":
            primaries, transfer = struct.unpack(">HH", content[4:8])
            color = (primaries, transfer)
    if not sizes:
        raise KeyError("ispe")
    return max(sizes, key=lambda size: size[0] * size[1]), color


class _Bits:
    """Bits of a code stream, from the lowest of each byte on."""

    def __init__(self, data: bytes) -> None:
        self._value, self._length = int.from_bytes(data, "little"), 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._length:
            raise KeyError("bits")
        taken = self._value & ((1 << count) - 1)
        self._value, self._length = self._value >> count, self._length - count
        return taken


def _code_stream(stream: IO[bytes]) -> bytes:
    """The first bytes of the code stream in a container."""
    for kind, _ in _boxes(stream):
        if kind in (b"jxlc", b"jxlp"):
            return stream.read(JXL_HEAD_BYTES + 4)[4 if kind == b"jxlp" else 0 :]
    raise KeyError("jxlc")


def _properties(stream: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Kinds and contents of the properties of all items."""
    for kind, length in _boxes(stream):
        if kind == b"meta":
            yield from _nested(stream.read(min(length, MAX_BOX_BYTES))[NESTED[kind] :])
            return
    raise KeyError("meta")


def _nested(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position, count = 0, 0
    while position + 8 <= len(data) and count < MAX_BOXES:
        length, kind = struct.unpack_from(">I4s", data, position)
        content = data[position + 8 : position + max(8, length or len(data))]
        if kind in NESTED:
            yield from _nested(content[NESTED[kind] :])
        else:
            yield kind, content[:64]
        position, count = position + max(8, length or len(data)), count + 1


def _boxes(stream: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Kinds and lengths of the boxes of a file, whose content the stream is at."""
    start = 0
    for _ in range(MAX_BOXES):
        stream.seek(start)
        head = stream.read(8)
        if len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head)
        held = 8
        if length == 1:
            length, held = struct.unpack(">Q", stream.read(8))[0], 16
        if length == 0:  # to the end of the file
            length = MAX_BOX_BYTES
        yield kind, max(0, length - held)
        start += max(length, held)
