# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of PNG and JPEG files: whether all programs show the same pixels.

Only the engine follows EXIF rotation and colour profiles. Files with neither are plain: Blender reads the same pixels.
"""

from __future__ import annotations

from pathlib import Path

from ..core.errors import FileError
from ..core.io.metadata import PNG_SIGNATURE, png_chunks
from ..core.system.untrusted import open_file

JPEG_SIGNATURE = b"\xff\xd8"
HEAD_BYTES = 2**20
"""Relevant chunks and segments come before the pixels, and within these bytes."""
CHANGING_CHUNKS = frozenset({b"eXIf", b"iCCP", b"gAMA", b"cHRM", b"cICP", b"tRNS", b"acTL"})
CHANGING_SEGMENTS = {0xE1: b"Exif\0", 0xE2: b"ICC_PROFILE\0"}
START_OF_FRAME = frozenset({0xC0, 0xC1, 0xC2})
"""JPEG markers with the number of components: baseline, extended and progressive."""
START_OF_SCAN = 0xDA


def is_plain_file(path: Path) -> bool:
    """Whether a file is plain; False if it cannot be read."""
    try:
        with open_file(path) as stream:
            return is_plain(stream.read(HEAD_BYTES))
    except (OSError, FileError):
        return False


def is_plain(head: bytes) -> bool:
    """Whether a file with these first bytes is a PNG or JPEG of which Blender and the engine read the same pixels."""
    if head.startswith(PNG_SIGNATURE):
        kinds = {kind for kind, _ in png_chunks(head)}
        return b"IDAT" in kinds and not kinds & CHANGING_CHUNKS
    return head.startswith(JPEG_SIGNATURE) and _is_plain_jpeg(head)


def _is_plain_jpeg(head: bytes) -> bool:
    position, components = len(JPEG_SIGNATURE), 0
    while position + 4 <= len(head) and head[position] == 0xFF:
        marker, length = head[position + 1], int.from_bytes(head[position + 2 : position + 4], "big")
        body = head[position + 4 : position + 2 + length]
        if marker == START_OF_SCAN:
            return components in (1, 3)
        if marker in CHANGING_SEGMENTS and body.startswith(CHANGING_SEGMENTS[marker]):
            return False
        if marker in START_OF_FRAME and len(body) > 5:
            components = body[5]
        position += 2 + length
    return False
