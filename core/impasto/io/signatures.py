"""Recognition of picture formats by their first bytes; unsupported ones are refused with a way to convert them.

The extension is never trusted, except for formats without a signature (TGA) or with another's (the raw files of many
cameras are TIFF).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from ..errors import FileError
from ..system.untrusted import excerpt, explain, open_file

EXTENSIONS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".exr", ".bmp", ".tga", ".psd")
"""Extensions of the formats that are read."""
FORMATS = "PNG, JPEG, TIFF, WebP, EXR, BMP, TGA or PSD"
RAW_EXTENSIONS = (".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf", ".pef", ".srw")
OTHER_EXTENSIONS = (".heic", ".heif", ".avif", ".gif", ".jxl", ".jp2", ".svg", ".pdf", ".hdr", ".dds", ".xcf", ".kra")
REFUSED_EXTENSIONS = OTHER_EXTENSIONS + RAW_EXTENSIONS
"""Extensions of formats that are not read. Such files in a folder are listed with the reason, not skipped silently."""

SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\x76\x2f\x31\x01": "EXR",
    b"BM": "BMP",
    b"8BPS": "PSD",
}
EXPORT = "open it in an image editor and export it as PNG"
HEIC = (
    "a phone's HEIC photograph",
    "export it as JPEG from the phone or a picture viewer, or let the camera save JPEG (iPhone: Most Compatible)",
)
RAW = ("a camera's raw file", "develop it, and save it as JPEG or 16-bit TIFF")
REFUSED: dict[bytes, tuple[str, str]] = {
    b"GIF8": ("a GIF", EXPORT),
    b"\xff\x0a": ("a JPEG XL picture", EXPORT),
    b"\0\0\0\x0cJXL ": ("a JPEG XL picture", EXPORT),
    b"\0\0\0\x0cjP  ": ("a JPEG 2000 picture", EXPORT),
    b"\xff\x4f\xff\x51": ("a JPEG 2000 picture", EXPORT),
    b"%PDF": ("a PDF", "export the page as PNG at the resolution that you need"),
    b"<svg": ("an SVG drawing", "export it as PNG at the resolution that you need"),
    b"#?R": ("a Radiance HDR picture", "save it as EXR with values from 0 to 1"),
    b"DDS ": ("a DDS texture", EXPORT),
    b"gimp xcf": ("a GIMP project", "export it as PNG"),
    b"PK\x03\x04": ("an archive or a Krita project", "unpack it, or export its picture as PNG"),
    b"IIRO": RAW,
    b"IIU\0": RAW,
    b"FUJIFILM": RAW,
}
"""First bytes of unsupported formats, with their name and a way to convert them."""
BRANDS = {b"avif": ("an AVIF picture", EXPORT), b"avis": ("an AVIF picture", EXPORT), b"crx ": RAW}
"""Brands of pictures in the container of films (ISO 14496-12); `HEIC_BRANDS` are those of phones."""
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
TGA_EXTENSIONS = (".tga", ".targa", ".icb", ".vda", ".vst")
TGA_FOOTER = b"TRUEVISION-XFILE.\0"


def recognise(path: Path) -> str:
    """PNG, JPEG, TIFF, WEBP, EXR, BMP, TGA or PSD. FileError for anything else, with the way to convert it."""
    with open_file(path) as stream, explain(path, "read"):
        start = stream.read(64)
        is_tga = _is_tga(path, start, stream)
    if not start:
        raise FileError(f"{excerpt(path)} is empty", "copy or export it again")
    if start[:4] in (b"II*\0", b"MM\0*") and (path.suffix.lower() in RAW_EXTENSIONS or start[8:10] == b"CR"):
        raise FileError(f"{excerpt(path)} is {RAW[0]}, which is not read", RAW[1])
    for signature, kind in SIGNATURES.items():
        if start.startswith(signature):
            return kind
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if is_tga:
        return "TGA"
    if refused := _refusal(start):
        raise FileError(f"{excerpt(path)} is {refused[0]}, which is not read", refused[1])
    raise FileError(f"{excerpt(path)} is not a picture that can be read", f"use {FORMATS}")


def _is_tga(path: Path, start: bytes, stream: IO[bytes]) -> bool:
    """Whether a file is a TGA, which has no signature: by a plausible header and either the extension or the footer."""
    if len(start) < 18 or start[1] > 1 or start[2] not in (1, 2, 3, 9, 10, 11) or start[16] not in (8, 15, 16, 24, 32):
        return False
    if path.suffix.lower() in TGA_EXTENSIONS:
        return True
    stream.seek(-min(len(TGA_FOOTER), stream.seek(0, os.SEEK_END)), os.SEEK_END)
    return stream.read() == TGA_FOOTER


def _refusal(start: bytes) -> tuple[str, str] | None:
    if start[4:8] == b"ftyp":
        return HEIC if start[8:12] in HEIC_BRANDS else BRANDS.get(start[8:12], ("a film", "export a frame as PNG"))
    if b"<svg" in start:
        return REFUSED[b"<svg"]
    return next((about for signature, about in REFUSED.items() if start.startswith(signature)), None)
