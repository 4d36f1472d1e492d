"""Hostile pictures: headers that lie, bombs that inflate, damaged files; and odd ones that are fine."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
from PIL import Image, ImageCms

from .browser_pictures import (
    JPEG,
    LOOP,
    PNG,
    PROFILE,
    SIDE,
    TEXT,
    WEBP,
    blank_png,
    canvas,
    chunk,
    frame,
    jpeg,
    lossless,
    png,
    riff,
    segment,
    twelve_bit_jpeg,
    webp,
    with_segments,
)
from .corpus import CHANGES, Corpus, Maker, Reader, endless, written

FLIPS = 4


def read(file: Path, out: Path) -> None:
    """Everything that is done to a picture's file before a tool sees it."""
    from impasto.io.decode import is_turned, read_map, read_metadata, read_size
    from impasto.io.files import read_maps

    read_size(file)
    is_turned(file)
    read_maps(file)
    read_map(file, "height")
    read_metadata(file)


def read_large(file: Path, out: Path) -> None:
    """Its pixels, once."""
    from impasto.io.files import read_maps

    read_maps(file)


def learn(file: Path, out: Path) -> None:
    """The folder that it lies in, as training data."""
    from impasto.data.dataset import read_dataset

    read_dataset(file.parent, smallest_px=8)


# TIFF


def tiff(*fields: tuple[int, int, int, int], data: bytes = b"", next_ifd: int = 0) -> bytes:
    """A TIFF of one directory; fields: tag, type, count, value. `data` begins where the directory ends."""
    entries = b"".join(struct.pack("<HHII", *field) for field in sorted(fields))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(fields)) + entries + struct.pack("<I", next_ifd) + data


def grey(width: int = 4, height: int = 4, **changed: tuple[int, int, int]) -> list[tuple[int, int, int, int]]:
    """The fields of a grey TIFF in one strip; others or changed ones as t123=(type, count, value)."""
    fields = {256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 277: (3, 1, 1)}
    fields |= {273: (4, 1, 8), 278: (4, 1, height), 279: (4, 1, 16)}
    fields |= {int(name[1:]): value for name, value in changed.items()}
    return [(tag, *value) for tag, value in fields.items()]


def tiled(width: int, height: int, tile: int) -> bytes:
    fields = [field for field in grey(width, height) if field[0] not in (273, 278, 279)]
    return tiff(*fields, (322, 4, 1, tile), (323, 4, 1, tile), (324, 4, 1, 8), (325, 4, 1, 8))


def many_pages(path: Path) -> None:
    """A TIFF whose directories follow each other for ever after."""
    count, each = 50_000, 2 + 12 * 9 + 4
    pages = []
    for index in range(count):
        offset = 8 + (index + 1) * each if index < count - 1 else 8
        pages.append(tiff(*grey(), next_ifd=offset)[8:])
    path.write_bytes(b"II*\0\x08\0\0\0" + b"".join(pages))


# EXR


def exr(size: tuple[int, int] = (SIDE, SIDE), channels: int = 3, value: float = 0.5, **attributes: str) -> Maker:
    def make(path: Path) -> None:
        spec = oiio.ImageSpec(*size, channels, "half")
        spec.channelnames = ["R", "G", "B", *(f"layer{index}.X" for index in range(channels - 3))][:channels]
        for name, text in attributes.items():
            spec.attribute(name, text)
        output = oiio.ImageOutput.create("exr")
        assert output.open(str(path), spec)
        step = 256 if channels < MANY else 16  # the rest of what is refused by its header may be missing
        band = np.full((step, size[0], channels), value, np.float32)
        for top in range(0, size[1] if channels < MANY else step, step):
            assert output.write_scanlines(top, min(top + step, size[1]), 0, band[: size[1] - top])
        output.close()

    return make


def changed_exr(*changes: tuple[bytes, int, bytes]) -> Maker:
    """An EXR with bytes changed: so many behind the end of an attribute's name."""

    def make(path: Path) -> None:
        exr()(path)
        data = bytearray(path.read_bytes())
        for name, behind, value in changes:
            at = data.index(name) + len(name) + behind
            data[at : at + len(value)] = value
        path.write_bytes(data)

    return make


def exr_with_metadata(path: Path) -> None:
    """An EXR that Impasto wrote, but for a byte of its recipe."""
    exr(impasto="{}" + " " * 20)(path)
    path.write_bytes(path.read_bytes().replace(b"{} ", b"{}\xff"))


MANY = 64
WINDOW = b"dataWindow\0box2i\0\x10\0\0\0"
EXR: dict[str, Maker] = {
    "exr of 2^31": changed_exr((WINDOW, 0, struct.pack("<4i", 0, 0, 2**31 - 2, 2**31 - 2))),
    "exr shown in 2^30": changed_exr((b"displayWindow\0box2i\0", 4, struct.pack("<4i", 0, 0, 2**30, 2**30))),
    "exr is tall": changed_exr((WINDOW, 0, struct.pack("<4i", 0, 0, 0, 2**30))),
    "exr with a long attribute": changed_exr((b"compression\0compression\0", 0, b"\xff\xff\xff\x7f")),
    "exr of 64 channels": exr((4096, 4096), MANY),
    "exr above 1": exr(value=7.0),
    "exr of infinity": exr(value=float("inf")),
}

# BMP, TGA, PSD


def bmp(width: int, height: int, bits: int = 24, compression: int = 0, offset: int = 54, colors: int = 0) -> bytes:
    """A BMP of 64 bytes of pixels."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, colors, 0)
    return b"BM" + struct.pack("<IHHI", 118, 0, 0, offset) + header + bytes(64)


def tga(kind: int, width: int, height: int, bits: int = 24, palette: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    """A TGA whose pixels are one run after the other, with the footer that tells it from noise."""
    about = struct.pack("<BBBHHBHHHHBB", 0, int(palette[1] > 0), kind, *palette, 0, 0, width, height, bits, 0)
    return about + b"\xff\1\2\3" * 64 + bytes(8) + b"TRUEVISION-XFILE.\0"


RGB, LAB = 3, 9


def psd(width: int, height: int, channels: int = 3, depth: int = 8, resources: bytes = b"", mode: int = RGB) -> bytes:
    """A flattened PSD whose pixels are missing."""
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, channels, height, width, depth, mode)
    return head + struct.pack(">II", 0, len(resources)) + resources + struct.pack(">IH", 0, 0)


def dds(side: int, kind: str, capabilities: int = 0) -> bytes:
    """The header of a DDS (Microsoft's DDS_HEADER) and a little after it."""
    sizes = struct.pack("<7I", 124, 0x1007, side, side, 0, 0, 0) + bytes(44)
    kinds = struct.pack("<2I4s6I", 32, 4, kind.encode(), 0, 0, 0, 0, 0, 0x1000)
    return b"DDS " + sizes + kinds + struct.pack("<4I", capabilities, 0, 0, 0) + bytes(64)


def jxl_head(side: int) -> bytes:
    """The code stream of a JPEG XL whose header claims a square (ISO 18181-1, SizeHeader), and no more."""
    bits = f"{side - 1:030b}" + "11" + "001" + f"{side - 1:030b}" + "11" + "0"
    return b"\xff\x0a" + int(bits, 2).to_bytes(16, "little") + bytes(64)


def resized(format_: str, box: bytes, side: int) -> Maker:
    """A good AVIF or HEIC, the boxes of whose size claim another one."""

    def make(path: Path) -> None:
        data = bytearray(saved(format_)())
        at = data.find(box)
        while at >= 0:
            struct.pack_into(">II", data, at + 8, side, side)
            at = data.find(box, at + 4)
        path.write_bytes(data)

    return make


def grey_tiff(width: int, height: int, **changed: list[int]) -> bytes:
    return tiff(*grey(width, height, **changed))


def built(builder: str, *given: Any) -> Maker:
    """A picture of one of the functions here, of arguments and, in the last place, those with names."""
    *arguments, last = given
    named, arguments = (last, arguments) if isinstance(last, dict) else ({}, given)
    return written(globals()[builder](*arguments, **named))


OTHERS: dict[str, Maker] = {
    **{name: built(*given) for name, given in CHANGES["pictures by their builders"].items()},
    **{name: written(text) for name, text in CHANGES["other pictures"].items()},
    "psd of resources": written(psd(4, 4, resources=b"8BIM" + struct.pack(">HHI", 1, 0, 2**32 - 1))),
    "psd in lab of 32 bits": written(psd(4, 4, depth=32, mode=LAB) + bytes(192)),
    "heic of nothing": written(b"\0\0\0\x18ftypheic".ljust(100, b"\0")),
    "heic of endless boxes": written(b"\0\0\0\x18ftypheic" + bytes(12) + struct.pack(">I4s", 8, b"free") * 10_000),
    "avif whose boxes are longer than it": written(b"\0\0\0\x18ftypavif" + bytes(12) + b"\xff\xff\xff\xffmeta"),
    "avif whose box has 2^63 bytes": written(b"\0\0\0\x18ftypavif" + bytes(12) + b"\0\0\0\1free\x7f" + bytes(7)),
    "avif claims 60000": resized("AVIF", b"ispe", 60_000),
    "heic claims 60000": resized("HEIF", b"ispe", 60_000),
    "jxl of boxes without a picture": written(b"\0\0\0\x0cJXL \r\n\x87\n" + struct.pack(">I4s", 8, b"Exif") * 5000),
    "hdr of a header without end": written(b"#?RADIANCE\n" + b"A=" + b"a" * 5_000_000),
    "hdr of many lines": written(b"#?RADIANCE\n" + b"EXPOSURE=1\n" * 500_000),
    "gif": written(b"GIF89a".ljust(100, b"\0")),
    "tiff without a directory": written(b"II*\0\xff\xff\xff\x7f"),
    "words": written("\x1b]0;owned\x07 " * 100),
}

# Damaged and odd


def saved(format_: str, **how: object) -> Callable[[], bytes]:
    """A function that makes a good small picture."""

    def make() -> bytes:
        import pillow_heif

        pillow_heif.register_heif_opener()
        stream = io.BytesIO()
        noise = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
        Image.fromarray(noise).save(stream, format_, **how)
        return stream.getvalue()

    return make


def jxl() -> bytes:
    import imagecodecs  # what makes files counts not as memory of what reads them

    return imagecodecs.jpegxl_encode(np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8))


GOOD = {
    **{name: saved(format_, **how) for name, (format_, how) in CHANGES["pictures that Pillow writes"].items()},
    "psd": lambda: psd(SIDE, SIDE) + bytes(3 * SIDE * SIDE),
    "psd in lab": lambda: psd(SIDE, SIDE, mode=LAB) + bytes(3 * SIDE * SIDE),
    "jpeg of 12 bits": twelve_bit_jpeg,
    "jxl": jxl,
    "hdr": lambda: b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 16 +X 16\n" + bytes((90, 80, 70, 127)) * 256,
}


def half(make: Callable[[], bytes]) -> Maker:
    return lambda path: path.write_bytes(make()[: len(make()) // 2]) and None


def flipped(make: Callable[[], bytes], seed: int) -> Maker:
    """A good picture with some random bytes, half of them near its beginning."""

    def write(path: Path) -> None:
        rng, data = random.Random(seed), bytearray(make())
        for index in range(8):
            data[rng.randrange(8, 200 if index % 2 else len(data))] = rng.randrange(256)
        path.write_bytes(data)

    return write


def damaged_profile(seed: int) -> Maker:
    """A PNG of 16 bits whose profile is sRGB's with some random bytes."""

    def write(path: Path) -> None:
        rng, profile = (
            random.Random(seed),
            bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()),
        )
        for index in range(12):
            profile[rng.randrange(128, 300 if index % 2 else len(profile))] = rng.randrange(256)
        spec = oiio.ImageSpec(SIDE, SIDE, 3, "uint16")
        spec.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{len(profile)}]"), np.frombuffer(profile, np.uint8))
        output = oiio.ImageOutput.create("png")
        assert output.open(str(path), spec)
        assert output.write_image(np.full((SIDE, SIDE, 3), 9000, np.uint16))
        output.close()

    return write


ODD: dict[str, Maker] = {
    **{f"{kind} with noise {seed}": flipped(make, seed) for kind, make in GOOD.items() for seed in range(FLIPS)},
    "jpeg of 8 bits that says it has 12": written(frame(jpeg(), 0, b"\x0c")),
    "jpeg of 12 bits with a profile of 16 MiB": written(
        twelve_bit_jpeg()[:2] + b"".join(PROFILE) + twelve_bit_jpeg()[2:]
    ),
    "jpeg with a profile of 16 MiB": written(with_segments(*PROFILE)),
    "jpeg whose exif data goes in circles": written(with_segments(segment(0xE1, b"Exif\0\0" + LOOP))),
    "tiff with a long tag": written(tiff(*grey(), (34_675, 7, 2**32 - 1, 8))),
    "png with no checksum": written(png()[:-4] + b"1234"),
    "png of odd colours": written(png(chunk(b"cHRM", bytes(32)), chunk(b"gAMA", b"\0"), chunk(b"cICP", b"\1"))),
    **{f"png with a damaged profile {seed}": damaged_profile(seed) for seed in range(FLIPS)},
    "jpeg without its end": written(jpeg()[:-2]),
    "tga of one bit": written(tga(3, 9, 3, 1) + bytes(6)),
    "tga of a palette that is cut off": written(tga(1, 9, 3, 8, (0, 200, 32)) + bytes(40)),
    "png with a text bomb behind": written(png(after=chunk(b"zTXt", TEXT) * 200)),
    "exr of an unknown compression": changed_exr((b"compression\0compression\0", 4, b"\x63")),
    "exr with a type that is no text": changed_exr((b"displayWindow\0", 0, b"\xff")),
    "exr with metadata that is no text": exr_with_metadata,
    "webp whose exif data goes in circles": written(webp(canvas(4, 4, 8), lossless(4, 4), riff(b"EXIF", LOOP))),
    "tiff of many pages": many_pages,
    "heic claims one pixel": resized("HEIF", b"ispe", 1),
    "avif claims one pixel": resized("AVIF", b"ispe", 1),
}
LARGE: dict[str, Maker] = {  # good pictures, as large as may be
    "png of 100 megapixels": blank_png(10_000, 16, 6, 4),
    "interlaced png of 64 megapixels": blank_png(8000, 16, 6, 4, interlaced=1),
    "grey png of 140 megapixels": blank_png(11_900, 1, 0, 1),
    "exr of 100 megapixels": exr((10_000, 10_000)),
    "jpeg of 12 bits of 64 megapixels": written(frame(twelve_bit_jpeg(), 1, struct.pack(">HH", 8000, 8000))),
}

HALVES = {f"half a {kind}": half(make) for kind, make in GOOD.items()}
READ = Reader("read", function="hostile.pictures:read")
LEARN = Reader("learn", function="hostile.pictures:learn")
SEAMLESS = Reader("seamless", ("seamless", "{file}", "--estimator", "none", "--out", "{out}"))
LARGELY = Reader("read", function="hostile.pictures:read_large", limit_s=90)
BAD = {**PNG, **JPEG, **WEBP, **EXR, **OTHERS, **HALVES, **endless(GOOD)}
CORPORA = [
    Corpus("pictures", ".png", BAD, (READ, SEAMLESS, LEARN)),
    Corpus("odd-pictures", ".png", ODD, (READ,), harmless=frozenset(ODD)),
    Corpus("large-pictures", ".png", {}, (LARGELY,), harmless=frozenset(LARGE), slow=LARGE),
]
