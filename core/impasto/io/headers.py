"""Headers of pictures, read before any decoder opens the file, to bound the cost of decoding it.

A file of a few kilobytes can cost minutes and gigabytes: by a huge width and height in its header, by many scans of a
progressive JPEG, or by compressed text. OpenImageIO limits only the memory for pixels: 1 MiB of zTXt chunks keeps
libpng busy for half a minute, and a JPEG's coefficients are not counted.
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

RESAVE = "export it again, or use another file"
FREE_SCANS, MAX_SCANS = 32, 500
"""Number of scans that a JPEG of any size may have (progressive ones usually have 10), and limit for small pictures."""
MAX_SCANNED_PIXELS = 2**32
"""Limit of pixels times scans of other JPEGs: about two seconds."""
MAX_TEXT_BYTES = 2**24
"""Limit of all text and profiles in a PNG: their compressed and decompressed bytes together."""
MAX_CHUNKS = 10_000
"""Largest number of chunks before the pixels of a PNG, and of resources of a PSD that are searched."""
MAX_FILE_BYTES = 2**32
SPARE_BYTES = 2**26
"""Room in a file for metadata, profiles and previews."""
BYTES_PER_PIXEL = {"PSD": 1024, "TIFF": 1024, "EXR": 1024}
FLAT_BYTES_PER_PIXEL = 32
"""Largest length of a file per pixel of its header: for formats with layers or pages, and for all others."""
PSD_LAB = 9
PSD_MODES = (0, 1, 2, 3, 4, PSD_LAB)
"""Bitmap, grey, indexed, RGB, CMYK and Lab."""
STANDALONE_MARKERS = (0x01, *range(0xD0, 0xD8))
"""Markers in a JPEG that no length follows."""
DDS_CUBE_OR_VOLUME = 0x200200
PNG_CHANNELS = {0: 1, 2: 3, 3: 4, 4: 2, 6: 4}
"""Number of decoded channels by colour type."""
COLOR_CHUNKS, MAX_COLOR_BYTES = (b"cICP", b"sRGB", b"gAMA", b"cHRM"), 64
"""Chunks of a PNG that define its colours, and a length that none of them exceeds."""


@dataclass(frozen=True)
class Header:
    """Kind of a picture, and facts of some formats that are needed before it is decoded.

    size_px: (width, height); None if the decoder reports the size at no cost. extra_bytes: bytes per pixel that the
    decoder allocates besides its result. text: text of a PNG's `impasto` chunk. bits: bits per channel of a JPEG.
    is_lab: whether a PSD is in CIELAB. chunks: chunks that define the colours of a PNG, by name. pillow_mode: mode in
    which Pillow reads a TGA or BMP; empty if OpenImageIO reads it. ignores_alpha: whether the fourth channel of a TGA
    is not opacity. is_cut: whether a JPEG lacks its end marker.
    """

    kind: str
    size_px: tuple[int, int] | None = None
    extra_bytes: int = 0
    text: bytes = b""
    bits: int = 8
    is_lab: bool = False
    chunks: Mapping[bytes, bytes] = field(default_factory=dict)
    pillow_mode: str = ""
    ignores_alpha: bool = False
    is_cut: bool = False


def read_header(path: Path) -> Header:
    """Header of a picture. Raise FileError if the file is no picture, or is too costly to decode."""
    kind = recognise(path)
    check_length(path, kind)
    if kind not in READERS:
        return Header(kind, extra_bytes=EXTRA_BYTES.get(kind, 0))
    with open_file(path) as stream, explain(path, "read"):
        try:
            header = READERS[kind](stream)
            check_length(path, kind, header.size_px)
            return _check_scans(stream, header) if kind == "JPEG" else header
        except (struct.error, IndexError, KeyError, zlib.error) as error:
            raise FileError("{} is damaged: its header ends early or makes no sense", RESAVE, excerpt(path)) from error
        except _RefusedError as error:
            why, remedy, *values = error.args
            raise FileError(f"{{}} {why}", remedy, excerpt(path), *values) from error


def check_length(path: Path, kind: str, size_px: tuple[int, int] | None = None) -> None:
    """Raise FileError if a file of this kind is too long for its (width, height), or for a picture of any size."""
    with explain(path, "read"):
        length = path.stat().st_size
    most = MAX_FILE_BYTES
    if size_px:
        pixels = max(0, size_px[0] * size_px[1])
        most = min(most, SPARE_BYTES + BYTES_PER_PIXEL.get(kind, FLAT_BYTES_PER_PIXEL) * pixels)
    if length > most and size_px:
        width, height = size_px
        message = "{} is {:,} bytes long, and a picture of {}x{} px has at most {:,}"
        raise FileError(message, RESAVE, excerpt(path), length, width, height, most)
    if length > most:
        raise FileError("{} is {:,} bytes long, and a picture has at most {:,}", RESAVE, excerpt(path), length, most)


class _RefusedError(Exception):
    """A file is refused. args: end of a message that begins with the file's name, remedy, values of the message."""


def _read_png(stream: IO[bytes]) -> Header:
    """Header of a PNG from its chunks before the first IDAT (PNG specification 11.2)."""
    stream.seek(8)
    size, extra_bytes, text, text_bytes = (0, 0), 0, b"", 0
    chunks: dict[bytes, bytes] = {}
    for _ in range(MAX_CHUNKS):
        length, kind = struct.unpack(">I4s", stream.read(8))
        if kind == b"IDAT":
            return Header("PNG", size, extra_bytes, text, chunks=chunks)
        if kind in COLOR_CHUNKS and length <= MAX_COLOR_BYTES:
            chunks.setdefault(kind, stream.read(length))
            stream.seek(4, 1)
            continue
        if kind not in (b"IHDR", b"tEXt", b"zTXt", b"iTXt", b"iCCP"):
            stream.seek(length + 4, 1)
            continue
        text_bytes += length
        body = stream.read(length) if text_bytes <= MAX_TEXT_BYTES else b""
        stream.seek(4, 1)
        if kind == b"IHDR":
            width, height, bits, color, _, _, interlaced = struct.unpack(">IIBBBBB", body)
            size, extra_bytes = (width, height), PNG_CHANNELS[color] * -(-bits // 8) * bool(interlaced)  # as a whole
        elif kind == b"iTXt" and body.startswith(b"impasto\0"):
            text = body.split(b"\0", 5)[-1]
        text_bytes += len(_inflate(kind, body, MAX_TEXT_BYTES - text_bytes))
        if text_bytes > MAX_TEXT_BYTES:
            why = "has more than {} MiB of text or colour profile"
            raise _RefusedError(why, "export it again without metadata", MAX_TEXT_BYTES >> 20)
    raise _RefusedError("has more than {:,} chunks before its pixels", RESAVE, MAX_CHUNKS)


def _inflate(kind: bytes, body: bytes, max_bytes: int) -> bytes:
    """Decompressed text or profile of a chunk, at most `max_bytes` + 1; b"" if it is not compressed, or damaged."""
    _, _, rest = body.partition(b"\0")
    if kind == b"iTXt" and rest[:1] == b"\1":
        rest = rest[2:].split(b"\0", 2)[-1]
    elif kind in (b"zTXt", b"iCCP"):
        rest = rest[1:]
    else:
        return b""
    try:
        return zlib.decompressobj().decompress(rest, max(1, max_bytes + 1))
    except zlib.error:  # decoders skip such a chunk
        return b""


def _read_tga(stream: IO[bytes]) -> Header:
    """Header of a TGA. Its number of attribute bits is 0 if it has no opacity (Truevision's TGA 2.0, field 5.6).

    `pillow_mode` is set for what OpenImageIO cannot read: opacity in palettes or 16-bit colours, and one-bit pictures.
    """
    _, _, kind, _, entries, entry_bits = struct.unpack("<BBBHHB", stream.read(8))
    _, _, width, height, bits, about = struct.unpack("<HHHHBB", stream.read(10))
    has_alpha = bool(about & 15)
    is_mapped, is_color = kind in (1, 9) and entries > 0, kind in (2, 10)
    pillow_mode = "RGBA" if has_alpha and ((is_mapped and entry_bits == 32) or (is_color and bits == 16)) else ""
    ignores_alpha = is_color and bits == 32 and not has_alpha
    return Header("TGA", (width, height), 8, pillow_mode="L" if bits == 1 else pillow_mode, ignores_alpha=ignores_alpha)


def _read_bmp(stream: IO[bytes]) -> Header:
    """Header of a BMP. The size and `pillow_mode` are set only if rows are compressed or channels have masks."""
    head = stream.read(70)
    length, width, height, _, bits, compression = struct.unpack_from("<IiiHHI", head, 14)
    if length < 40 or compression == 0:
        return Header("BMP")
    has_alpha = bits == 32 and compression in (3, 6) and struct.unpack_from("<I", head, 66)[0] > 0
    return Header("BMP", (width, abs(height)), pillow_mode="RGBA" if has_alpha and length > 40 else "RGB")


def _read_jpeg(stream: IO[bytes]) -> Header:
    """Frame header of a JPEG (ITU-T T.81, B.2). Leave the stream within the first scan."""
    stream.seek(2)
    header, components = None, 0
    while (marker := _next_marker(stream)) != 0xDA:
        if marker in STANDALONE_MARKERS:
            continue
        length = struct.unpack(">H", stream.read(2))[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits, height, width, components = struct.unpack(">BHHB", stream.read(6))
            header = _frame_header(marker, bits, height, width, components)
            length -= 6
        stream.seek(max(length - 2, 0), 1)
    if header is None or header.size_px is None:
        raise KeyError("no frame")  # `read_header` calls the file damaged
    if stream.read(3)[2] < components:  # later scans hold the rest: decoders keep all coefficients until the last scan
        header = replace(header, extra_bytes=max(header.extra_bytes, 2 * components))
    return header


def _check_scans(stream: IO[bytes], header: Header) -> Header:
    """Header of a JPEG with `is_cut`. Refuse a JPEG with so many scans that decoding would take long.

    The stream is within the first scan. Other programs may append data behind the end marker.
    """
    first = stream.tell()
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if header.extra_bytes and header.size_px:  # only such pictures can have several scans
            pixels = max(1, header.size_px[0] * header.size_px[1])
            most = max(FREE_SCANS, min(MAX_SCANS, MAX_SCANNED_PIXELS // pixels))
            if sum(1 for _ in islice(re.compile(SCAN).finditer(data, first), most)) == most:
                why = "has more than {} scans, which take long to decode"
                raise _RefusedError(why, "save it again as a plain JPEG", most)
        return replace(header, is_cut=data[-len(END) :] != END and data.rfind(END) < data.rfind(SCAN))


def _frame_header(marker: int, bits: int, height: int, width: int, components: int) -> Header:
    if marker not in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA):
        raise _RefusedError("is a lossless or hierarchical JPEG, which is not read", "save it as PNG or TIFF")
    if bits not in (8, 12):
        why = "is a JPEG of {} bits a channel, which is not read"
        raise _RefusedError(why, "save it as 16-bit PNG or TIFF", bits)
    is_progressive = marker in (0xC2, 0xCA)
    extra_bytes = 2 * is_progressive if bits == 8 else 6  # per channel; 12 bits are decoded as a whole
    return Header("JPEG", (width, height), extra_bytes * components, bits=bits)


def _next_marker(stream: IO[bytes]) -> int:
    found = stream.read(1)
    if found != b"\xff":
        raise KeyError("no marker")  # `read_header` calls the file damaged
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
EXTRA_BYTES = {"WEBP": 12, "JXL": 16, "AVIF": 16, "HEIF": 16}
"""Bytes per pixel that the decoders of these formats allocate besides their result."""
