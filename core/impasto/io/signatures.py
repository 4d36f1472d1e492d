"""Recognition of picture formats by their first bytes. Unsupported formats are refused with a way to convert them.

The file's extension counts only for a format without a signature (TGA), and for camera raw files that begin like TIFF.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import FileError
from ..system.untrusted import excerpt, explain, open_file


@dataclass(frozen=True)
class PictureFormat:
    """A format that is read, with the extensions and signatures of its files.

    openimageio: OpenImageIO's name for it; "" if Pillow reads it. extra: the package of the extra `formats` that is
    needed to read it. in_blender: whether Blender reads it; if not, its files can only be given by path there.
    """

    extensions: tuple[str, ...]
    signatures: tuple[bytes, ...] = ()
    openimageio: str = ""
    extra: str = ""
    in_blender: bool = True


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")


TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
READ: Mapping[str, PictureFormat] = {
    kind: PictureFormat(tuple(one.pop("extensions")), tuple(map(_bytes, one.pop("signatures", ()))), **one)
    for kind, one in TABLES["read"].items()
}
"""The picture formats that are read. File filters, drop handlers and readers are derived from this table."""
EXTENSIONS = tuple(extension for one in READ.values() for extension in one.extensions)
BLENDER_EXTENSIONS = tuple(extension for one in READ.values() if one.in_blender for extension in one.extensions)
FORMATS = "PNG, JPEG, TIFF, WebP, EXR, HDR, BMP, TGA, PSD, DDS, JPEG XL, AVIF or HEIC"
RAW_EXTENSIONS = (".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf", ".pef", ".srw")
OTHER_EXTENSIONS = (".gif", ".jp2", ".svg", ".pdf", ".xcf", ".kra", ".ktx2")
REFUSED_EXTENSIONS = OTHER_EXTENSIONS + RAW_EXTENSIONS
"""Extensions of formats that are not read. Such files in a folder are reported with the reason, not skipped."""

REFUSED: Mapping[bytes, Sequence[str]] = {_bytes(start): about for start, about in TABLES["refused"].items()}
"""First bytes of unsupported formats, with their name and a way to convert them."""
BRANDS = {"AVIF": (b"avif", b"avis"), "HEIF": (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")}
"""Brands of pictures in the container format of films (ISO 14496-12). The general brands come last."""
RAW, RAW_BRAND = REFUSED[b"IIRO"], b"crx "
TGA_EXTENSIONS = (".tga", ".targa", ".icb", ".vda", ".vst")
TGA_FOOTER = b"TRUEVISION-XFILE.\0"


def recognise(path: Path) -> str:
    """The kind of a picture, as in `READ`. Raise FileError for anything else, with the way to convert it."""
    with open_file(path) as stream, explain(path, "read"):
        start = stream.read(64)
        is_tga = _is_tga(path, start, stream)
    if not start:
        raise FileError("{} is empty", "copy or export it again", excerpt(path))
    if start[:4] in (b"II*\0", b"MM\0*") and (path.suffix.lower() in RAW_EXTENSIONS or start[8:10] == b"CR"):
        raise FileError("{} is {}, which is not read", RAW[1], excerpt(path), RAW[0])
    for kind, format_ in READ.items():
        if start.startswith(format_.signatures):  # never for a format without signatures
            return kind
    if start[4:8] == b"ftyp" and (found := _kind_by_brands(start)):
        return found
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if is_tga:
        return "TGA"
    if refused := _refusal(start):
        raise FileError("{} is {}, which is not read", refused[1], excerpt(path), refused[0])
    raise FileError("{} is not a picture that can be read", "use {}", excerpt(path), FORMATS)


def _is_tga(path: Path, start: bytes, stream: IO[bytes]) -> bool:
    """Whether a file is a TGA. It has no signature, so a plausible header and the extension or the footer decide."""
    if (
        len(start) < 18
        or start[1] > 1
        or start[2] not in (1, 2, 3, 9, 10, 11)
        or start[16] not in (1, 8, 15, 16, 24, 32)
    ):
        return False
    if path.suffix.lower() in TGA_EXTENSIONS:
        return True
    stream.seek(-min(len(TGA_FOOTER), stream.seek(0, os.SEEK_END)), os.SEEK_END)
    return stream.read() == TGA_FOOTER


def _kind_by_brands(start: bytes) -> str:
    """AVIF or HEIF, from the file's major brand and compatible brands; "" for films and raw files."""
    length = int.from_bytes(start[:4], "big")
    brands = [start[at : at + 4] for at in (8, *range(16, min(length, len(start)) - 3, 4))]
    if RAW_BRAND in brands:
        return ""
    return next((kind for kind, known in BRANDS.items() if set(known) & set(brands)), "")


def _refusal(start: bytes) -> Sequence[str] | None:
    if start[4:8] == b"ftyp":
        return RAW if start[8:12] == RAW_BRAND else ("a film", "export a frame as PNG")
    if b"<svg" in start:
        return REFUSED[b"<svg"]
    return next((about for signature, about in REFUSED.items() if start.startswith(signature)), None)
