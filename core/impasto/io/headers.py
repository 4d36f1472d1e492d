"""Headers of pictures, read before any decoder opens the file, to bound the cost of decoding it.

A file of a few kilobytes can demand minutes and gigabytes through its size, the scans of a progressive JPEG, or
compressed text. OpenImageIO's own limits bound the memory for pixels only: 1 MiB of zTXt chunks keeps libpng busy for
half a minute, and a JPEG's coefficients are not counted.
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import IO

from ..errors import FileError
from ..system.untrusted import excerpt, explain, open_file
from .signatures import recognise
from .whole_pictures import END, SCAN

DAMAGED = "export it again, or use another file"
USUAL_SCANS, MAX_SCANS = 32, 500
MAX_SCANNED_PIXELS = 2**32
"""Limit of pixels times scans of a JPEG: about two seconds. Progressive ones usually have 10 scans, seldom over 20."""
MAX_TEXT_BYTES = 2**24
"""Limit of all text and profiles in a PNG, decompressed."""
MAX_CHUNKS = 10_000
"""Limit of the number of chunks before the pixels of a PNG, and of a PSD's resources."""
MAX_FILE_BYTES = 2**32
SPARE_BYTES = 2**26
"""Room in a file for metadata, profiles and previews."""
BYTES_PER_PIXEL = {"PSD": 1024, "TIFF": 1024, "EXR": 1024}
FLAT_BYTES_PER_PIXEL = 32
"""Limits of a file's length per pixel that it claims: for formats with layers or pages, and for all others."""
PSD_LAB = 9
PSD_MODES = (0, 1, 2, 3, 4, PSD_LAB)
"""Bitmap, grey, indexed, RGB, CMYK and Lab."""
ALONE = (0x01, *range(0xD0, 0xD8))
"""Markers in a JPEG that have no length behind them."""
DDS_CUBE_OR_VOLUME = 0x200200
PNG_CHANNELS = {0: 1, 2: 3, 3: 4, 4: 2, 6: 4}
COLOR_CHUNKS, MAX_COLOR_BYTES = (b"cICP", b"sRGB", b"gAMA", b"cHRM"), 64
"""Chunks of a PNG that define its colours, and a length that none of them exceeds."""


@dataclass(frozen=True)
class Header:
    """Kind of a picture, and facts of some formats that are needed before it is decoded.

    size_px: (width, height); None where the decoder can be asked for it at no cost. held: bytes per pixel that the
    decoder allocates in addition to its result. text: a PNG's `impasto` chunk. bits: per channel of a JPEG. is_lab:
    whether a PSD is in CIELAB. chunks: a PNG's chunks that define its colours, by name. read_as: Pillow's mode for a
    TGA or BMP that Pillow reads instead of OpenImageIO. is_opaque: whether a TGA says that its fourth channel is not
    opacity. is_cut: whether a JPEG lacks its end marker.
    """

    kind: str
    size_px: tuple[int, int] | None = None
    held: int = 0
    text: bytes = b""
    bits: int = 8
    is_lab: bool = False
    chunks: Mapping[bytes, bytes] = field(default_factory=dict)
    read_as: str = ""
    is_opaque: bool = False
    is_cut: bool = False


def read_header(path: Path) -> Header:
    """The header of a picture. FileError for a file that is no picture, or is too costly to decode."""
    kind = recognise(path)
    check_length(path, kind)
    if kind not in READERS:
        return Header(kind, held=HELD.get(kind, 0))
    with open_file(path) as stream, explain(path, "read"):
        try:
            header = READERS[kind](stream)
            check_length(path, kind, header.size_px)
            return _check_scans(stream, header) if kind == "JPEG" else header
        except (struct.error, IndexError, KeyError, zlib.error) as error:
            raise FileError(f"{excerpt(path)} is damaged: its header ends early or makes no sense", DAMAGED) from error
        except _RefusedError as error:
            raise FileError(f"{excerpt(path)} {error}", error.remedy) from error


def check_length(path: Path, kind: str, size_px: tuple[int, int] | None = None) -> None:
    """Raise FileError if a file is longer than any picture, or than a picture of this (width, height), can be."""
    with explain(path, "read"):
        length = path.stat().st_size
    most = MAX_FILE_BYTES
    if size_px:
        pixels = max(0, size_px[0] * size_px[1])
        most = min(most, SPARE_BYTES + BYTES_PER_PIXEL.get(kind, FLAT_BYTES_PER_PIXEL) * pixels)
    if length > most and size_px:
        width, height = size_px
        message = f"{excerpt(path)} is {length:,} bytes long, and a picture of {width}x{height} px has at most {most:,}"
        raise FileError(message, DAMAGED)
    if length > most:
        raise FileError(f"{excerpt(path)} is {length:,} bytes long, and a picture has at most {most:,}", DAMAGED)


class _RefusedError(Exception):
    """Reason to refuse a file, in a message that does not name the file."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def _read_png(stream: IO[bytes]) -> Header:
    """Header of a PNG from its chunks before the first IDAT (PNG specification 11.2)."""
    stream.seek(8)
    size, held, text, inflated = (0, 0), 0, b"", 0
    chunks: dict[bytes, bytes] = {}
    for _ in range(MAX_CHUNKS):
        length, kind = struct.unpack(">I4s", stream.read(8))
        if kind == b"IDAT":
            return Header("PNG", size, held, text, chunks=chunks)
        if kind in COLOR_CHUNKS and length <= MAX_COLOR_BYTES:
            chunks.setdefault(kind, stream.read(length))
            stream.seek(4, 1)
            continue
        if kind not in (b"IHDR", b"tEXt", b"zTXt", b"iTXt", b"iCCP"):
            stream.seek(length + 4, 1)
            continue
        inflated += length
        body = stream.read(length) if inflated <= MAX_TEXT_BYTES else b""
        stream.seek(4, 1)
        if kind == b"IHDR":
            width, height, bits, color, _, _, interlaced = struct.unpack(">IIBBBBB", body)
            size, held = (width, height), PNG_CHANNELS[color] * -(-bits // 8) * bool(interlaced)
        elif kind == b"iTXt" and body.startswith(b"impasto\0"):
            text = body.split(b"\0", 5)[-1]
        inflated += len(_inflate(kind, body, MAX_TEXT_BYTES - inflated))
        if inflated > MAX_TEXT_BYTES:
            limit = f"has more than {MAX_TEXT_BYTES >> 20} MiB of text or colour profile"
            raise _RefusedError(limit, "export it again without metadata")
    raise _RefusedError(f"has more than {MAX_CHUNKS:,} chunks before its pixels", DAMAGED)


def _inflate(kind: bytes, body: bytes, most: int) -> bytes:
    """The decompressed text or profile in a chunk, cut off one byte after `most`; b"" if it is not compressed."""
    _, _, rest = body.partition(b"\0")
    if kind == b"iTXt" and rest[:1] == b"\1":
        rest = rest[2:].split(b"\0", 2)[-1]
    elif kind in (b"zTXt", b"iCCP"):
        rest = rest[1:]
    else:
        return b""
    try:
        return zlib.decompressobj().decompress(rest, max(1, most + 1))
    except zlib.error:  # decoders skip such a chunk
        return b""


def _read_tga(stream: IO[bytes]) -> Header:
    """Header of a TGA; whether it has opacity is in the number of attribute bits (Truevision's TGA 2.0, field 5.6).

    Pillow reads what OpenImageIO does not: opacity in palettes and in 16-bit colours, and pictures of one bit.
    """
    _, _, kind, _, entries, entry_bits = struct.unpack("<BBBHHB", stream.read(8))
    _, _, width, height, bits, about = struct.unpack("<HHHHBB", stream.read(10))
    has_alpha = bool(about & 15)
    is_mapped, is_color = kind in (1, 9) and entries > 0, kind in (2, 10)
    read_as = "RGBA" if has_alpha and ((is_mapped and entry_bits == 32) or (is_color and bits == 16)) else ""
    read_as = "L" if bits == 1 else read_as
    return Header("TGA", (width, height), 8, read_as=read_as, is_opaque=is_color and bits == 32 and not has_alpha)


def _read_bmp(stream: IO[bytes]) -> Header:
    """Header of a BMP, with its size if rows are compressed or channels are in any order, which Pillow reads."""
    head = stream.read(70)
    length, width, height, _, bits, compression = struct.unpack_from("<IiiHHI", head, 14)
    if length < 40 or compression == 0:
        return Header("BMP")
    has_alpha = bits == 32 and compression in (3, 6) and struct.unpack_from("<I", head, 66)[0] > 0
    return Header("BMP", (width, abs(height)), read_as="RGBA" if has_alpha and length > 40 else "RGB")


def _read_jpeg(stream: IO[bytes]) -> Header:
    """The frame header of a JPEG (ITU-T T.81, B.2). The stream is left within the first scan."""
    stream.seek(2)
    header, components = None, 0
    while True:
        marker = _next_marker(stream)
        if marker == 0xDA:
            break
        if marker in ALONE:
            continue
        length = struct.unpack(">H", stream.read(2))[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits, height, width, components = struct.unpack(">BHHB", stream.read(6))
            header = _frame_header(marker, bits, height, width, components)
            length -= 6
        stream.seek(max(length - 2, 0), 1)
    if header is None or header.size_px is None:
        raise KeyError("no frame")
    if stream.read(3)[2] < components:  # later scans hold the rest: decoders keep all coefficients until the last scan
        header = replace(header, held=max(header.held, 2 * components))
    return header


def _check_scans(stream: IO[bytes], header: Header) -> Header:
    """The header of a JPEG, completed with whether the end marker is missing. The stream is within the first scan.

    Other programs may append data behind the end marker. Refuses more scans than pictures of this size have.
    """
    first = stream.tell()
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if header.held and header.size_px:
            pixels = max(1, header.size_px[0] * header.size_px[1])
            most = max(USUAL_SCANS, min(MAX_SCANS, MAX_SCANNED_PIXELS // pixels))
            if sum(1 for _ in islice(re.compile(SCAN).finditer(data, first), most)) == most:
                message = f"has more than {most} scans, which take long to decode"
                raise _RefusedError(message, "save it again as a plain JPEG")
        return replace(header, is_cut=data[-len(END) :] != END and data.rfind(END) < data.rfind(SCAN))


def _frame_header(marker: int, bits: int, height: int, width: int, components: int) -> Header:
    if marker not in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA):
        raise _RefusedError("is a lossless or hierarchical JPEG, which is not read", "save it as PNG or TIFF")
    if bits not in (8, 12):
        raise _RefusedError(f"is a JPEG of {bits} bits a channel, which is not read", "save it as 16-bit PNG or TIFF")
    is_progressive = marker in (0xC2, 0xCA)
    held = 2 * is_progressive if bits == 8 else 6  # 12 bits are decoded whole
    return Header("JPEG", (width, height), held * components, bits=bits)


def _next_marker(stream: IO[bytes]) -> int:
    found = stream.read(1)
    if found != b"\xff":
        raise KeyError("no marker")
    while found == b"\xff":
        found = stream.read(1)
    return found[0]


def _read_psd(stream: IO[bytes]) -> Header:
    """Header of a PSD. Refuses files without a flattened picture (Adobe's specification: VersionInfo, 1057)."""
    channels, height, width, depth, mode = struct.unpack(">HIIHH", stream.read(26)[12:])
    if mode not in PSD_MODES or (mode == PSD_LAB and (channels < 3 or depth not in (8, 16))):
        raise _RefusedError("is a PSD neither in RGB, CMYK, Lab nor grey", "convert it to RGB and save it again")
    stream.seek(struct.unpack(">I", stream.read(4))[0], 1)
    end = struct.unpack(">I", stream.read(4))[0] + stream.tell()
    for _ in range(MAX_CHUNKS):
        if stream.tell() + 12 > end:
            break
        _, identifier, name = struct.unpack(">4sHB", stream.read(7))
        stream.seek(name | 1, 1)  # padded to an even length
        length = struct.unpack(">I", stream.read(4))[0]
        if identifier == 1057 and not stream.read(5)[4]:
            raise _RefusedError("has no flattened picture", "save it with Maximize Compatibility, or as PNG")
        if identifier == 1057:
            break
        stream.seek(length + length % 2, 1)
    return Header("PSD", (width, height), is_lab=mode == PSD_LAB)


def _read_dds(stream: IO[bytes]) -> Header:
    """Header of a DDS. Refuses cubes, volumes and arrays (Microsoft's DDS_HEADER and DDS_HEADER_DXT10)."""
    head = stream.read(148)
    height, width = struct.unpack_from("<II", head, 12)
    flags, four = struct.unpack_from("<I4s", head, 80)
    capabilities = struct.unpack_from("<I", head, 112)[0]
    is_extended = flags & 4 and four == b"DX10"
    _, dimension, misc, count = struct.unpack_from("<4I", head, 128) if is_extended else (0, 3, 0, 1)
    if capabilities & DDS_CUBE_OR_VOLUME or misc & 4 or dimension != 3 or count > 1:
        remedy = "save the picture that you need alone"
        raise _RefusedError("is a DDS of a cube, a volume or several pictures, which is not read", remedy)
    return Header("DDS", (width, height), 12)


READERS = {"PNG": _read_png, "JPEG": _read_jpeg, "PSD": _read_psd, "TGA": _read_tga, "DDS": _read_dds, "BMP": _read_bmp}
"""Readers of headers. The decoders of other formats read the header without allocating memory for pixels."""
HELD = {"WEBP": 12, "JXL": 16, "AVIF": 16, "HEIF": 16}
"""Bytes per pixel that these decoders allocate in addition to their result."""
