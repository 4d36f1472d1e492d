"""Hostile movies: frames without end or beyond all memory, lists of other files, and headers that promise more."""

from __future__ import annotations

import struct
from pathlib import Path

from impasto_film.footage import frame_at, frames_on_disk

from .corpus import CHANGES, Corpus, Reader, endless, written

SCREEN = b"GIF89a%b\xf0\0\0" + bytes(6)
IMAGE = b"\x2c" + bytes(4) + b"%b\0\x02\x02\x44\x01\0"


def gif(screen: tuple[int, int], *images: tuple[int, int]) -> bytes:
    """A GIF of this size (width, height) with images that say they have others."""
    parts = [SCREEN % struct.pack("<HH", *screen), *(IMAGE % struct.pack("<HH", *size) for size in images)]
    return b"".join(parts) + b";"


def avi(width: int, height: int) -> bytes:
    """An AVI whose header says that one frame of this size follows."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return name + struct.pack("<I", len(data)) + data

    main = chunk(b"avih", struct.pack("<14I", 41667, 0, 0, 16, 1, 0, 1, 0, width, height, 0, 0, 0, 0))
    stream = chunk(b"strh", b"vidsMJPG" + struct.pack("<10I4H", 0, 0, 0, 1, 24, 0, 1, 0, 0, 0, 0, 0, 0, 0))
    form = chunk(b"strf", struct.pack("<IIIHH4s5I", 40, width, height, 1, 24, b"MJPG", 0, 0, 0, 0, 0))
    streams = chunk(b"LIST", b"strl" + stream + form)
    return chunk(b"RIFF", b"AVI " + chunk(b"LIST", b"hdrl" + main + streams) + chunk(b"LIST", b"movi" + bytes(64)))


MOVIES = {
    **{name: text.encode() for name, text in CHANGES["movies"].items()},
    "an empty screen": gif((0, 0)),
    "no image": gif((16, 16)),
    "a vast screen": gif((12_000, 12_000), (1, 1)),
    "the largest screen": gif((65_535, 65_535), (65_535, 65_535)),
    "an image beyond its screen": gif((16, 16), (65_535, 65_535)),
    "a vast AVI": avi(60_000, 60_000),
    "a negative AVI": avi(2**31, 2**31),
    "an empty MP4": b"\0\0\0\x18ftypmp42" + bytes(2000),
    "a box larger than its file": b"\0\0\0\x18ftypisom" + bytes(12) + b"\xff\xff\xff\xf0moov" + bytes(100),
    "boxes without end": b"\0\0\0\x18ftypisom" + bytes(12) + b"\0\0\0\0moov" * 1000,
    "a Matroska of unknown length": b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff" + b"\xff" * 1000,
}


def read(file: Path, out: Path) -> None:
    """All frames of a movie."""
    with frames_on_disk(file) as frames:
        for number in frames:
            frame_at(frames, number)


FILES = {**{name: written(data) for name, data in MOVIES.items()}, **endless({"a GIF": gif((16, 16))[:-1]})}
READ = Reader("read", function="hostile.films:read")
CORPORA = [Corpus("movies", ".gif", FILES, (READ,), harmless=frozenset({"an image beyond its screen"}))]
