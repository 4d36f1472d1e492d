"""Damaged and hostile PNG, JPEG and WebP files."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from .corpus import Maker, written

SIDE = 24


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    *extra: bytes,
    size: tuple[int, int] = (4, 4),
    bits: int = 8,
    color: int = 2,
    interlaced: int = 0,
    pixels: bytes | None = None,
    after: bytes = b"",
) -> bytes:
    """A PNG with further chunks before and after its pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, bits, color, 0, 0, interlaced))
    data = chunk(b"IDAT", zlib.compress(bytes(1000)) if pixels is None else pixels)
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + data + after + chunk(b"IEND", b"")


def blank_png(side: int, bits: int, color: int, channels: int, interlaced: int = 0) -> Maker:
    """A black PNG, a thousandth of its size on disk."""

    def make(path: Path) -> None:
        deflate = zlib.compressobj(9)
        row = bytes(1 + -(-side * bits * channels // 8))
        body = b"".join(deflate.compress(row) for _ in range(side + side // 4 * interlaced)) + deflate.flush()
        path.write_bytes(png(size=(side, side), bits=bits, color=color, interlaced=interlaced, pixels=body))

    return make


BOMB = zlib.compress(bytes(2**25), 9)
"""32 MiB in 32 kB."""
TEXT = b"a\0\0" + zlib.compress(bytes(7 * 2**20), 9)

PNG: dict[str, Maker] = {
    "png bomb of one bit": blank_png(13_000, 1, 0, 1),
    "png without pixels": written(b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b"")),
    "png with a text bomb": written(png(chunk(b"zTXt", b"a\0\0" + BOMB))),
    "png with a profile bomb": written(png(chunk(b"iCCP", b"a\0\0" + BOMB))),
    "png with a thousand bombs": written(png(chunk(b"zTXt", TEXT) * 1000)),
    "png with a million chunks": written(png(chunk(b"teST", b"") * 1_000_000)),
    "png with a long chunk": written(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 2**31 - 1, b"tEXt")),
    "png with too few pixels": written(png(size=(64, 64), pixels=zlib.compress(bytes(100)))),
}

# JPEG


def jpeg(progressive: bool = False, **how: object) -> bytes:
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    Image.fromarray(noise).save(stream, "JPEG", progressive=progressive, **how)
    return stream.getvalue()


def frame(data: bytes, offset: int, value: bytes) -> bytes:
    """A JPEG with some bytes of its frame header changed: at 0 its bits, at 1 height and width, at 5 components."""
    at = max(map(data.find, (b"\xff\xc0", b"\xff\xc1", b"\xff\xc2"))) + 4 + offset
    return data[:at] + value + data[at + len(value) :]


def one_channel() -> bytes:
    """A JPEG of three channels whose scan says that it holds the first."""
    whole = segment(0xDA, b"\3\1\0\2\x11\3\x11\0\x3f\0")
    assert whole in jpeg()
    return jpeg().replace(whole, segment(0xDA, b"\1\1\0\0\x3f\0"))


def twelve_bit_jpeg() -> bytes:
    noise = np.random.default_rng(0).integers(0, 4096, (SIDE, SIDE, 3), np.uint16)
    import imagecodecs

    return imagecodecs.jpeg8_encode(noise, bitspersample=12)


def scans(count: int, data: bytes = b"") -> bytes:
    """A JPEG whose last scan is there again and again."""
    data = data or jpeg(progressive=True)
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * count + data[-2:]


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segments(*segments: bytes) -> bytes:
    data = jpeg()
    return data[:2] + b"".join(segments) + data[2:]


PROFILE = [segment(0xE2, b"ICC_PROFILE\0" + bytes([index, 255]) + bytes(65_000)) for index in range(1, 256)]
LOOP = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8)
"""EXIF data whose directories contain themselves."""

JPEG: dict[str, Maker] = {
    "jpeg of 600 scans claims 20000": written(frame(scans(600), 1, struct.pack(">HH", 20_000, 20_000))),
    "jpeg claims 65535": written(frame(jpeg(), 1, b"\xff\xff\xff\xff")),
    "jpeg without size": written(frame(jpeg(), 1, bytes(4))),
    "jpeg of a scan for each channel claims 12000": written(
        frame(one_channel(), 1, struct.pack(">HH", 12_000, 12_000))
    ),
    "jpeg of 600 scans behind a restart marker": written(b"\xff\xd8\xff\xd0" + scans(600)[2:]),
    "jpeg of 12 bits claims 65535": written(frame(twelve_bit_jpeg(), 1, b"\xff\xff\xff\xff")),
    "jpeg of 12 bits and 600 scans": written(scans(600, twelve_bit_jpeg())),
    "jpeg of 12 bits and 255 components": written(frame(twelve_bit_jpeg(), 5, b"\xff")),
    "jpeg of 12 bits without its end": written(twelve_bit_jpeg()[:-2]),
    "jpeg of 255 components": written(frame(jpeg(), 5, b"\xff")),
    "jpeg is lossless": written(jpeg().replace(b"\xff\xc0", b"\xff\xc3", 1)),
    "jpeg of markers": written(b"\xff\xd8" + b"\xff" * 100_000),
    "jpeg of empty segments": written(b"\xff\xd8" + segment(0xE0, b"") * 100_000),
}

# WebP


def webp(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def riff(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def canvas(width: int, height: int, flags: int = 0) -> bytes:
    """The chunk that says how large a WebP is."""
    return riff(
        b"VP8X", struct.pack("<I", flags) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )


def lossless(width: int, height: int) -> bytes:
    """The chunk of a lossless frame that claims a size."""
    return riff(b"VP8L", b"\x2f" + struct.pack("<I", width - 1 | height - 1 << 14) + bytes(20))


FRAME = riff(b"ANMF", bytes(6) + bytes(6) + bytes(4) + lossless(1, 1))
ANIMATED = riff(b"ANIM", bytes(6))

WEBP: dict[str, Maker] = {
    "webp claims 16383": written(webp(lossless(16_383, 16_383))),
    "webp canvas of 2^24": written(webp(canvas(2**24, 2**24), lossless(4, 4))),
    "webp animation of 16383": written(webp(canvas(16_383, 16_383, 2), ANIMATED, FRAME)),
    "webp of 100000 frames": written(webp(canvas(4, 4, 2), ANIMATED, FRAME * 100_000)),
    "webp of another kind": written(webp(riff(b"VP9 ", bytes(40)))),
}
