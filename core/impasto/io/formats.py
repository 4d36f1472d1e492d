"""File formats for maps and packed pictures: PNG and OpenEXR, and those that plugins add.

Files are written from the top, any number of rows at a time. That number does not change the bytes of the file.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from ..errors import FileError, Message
from ..surface.color import encoded_pixels, srgb_to_linear
from ..system.transaction import in_temporary_folder, temporary_folder
from ..texture import Maps, Texture, is_large
from .color_conversion import TOLERANCE
from .metadata import png_chunk, png_texts
from .packing import MAPS, Layout, Packing

ROWS_AT_ONCE = 64
"""Rows converted at a time: few, to save memory, and a multiple of EXR's blocks of 16."""

FULL_BYTES = 2**16
"""With less free space, a failed write means a full disk. OpenImageIO gives no reason."""

PNG_AVERAGE_FILTER = 64
"""libpng's PNG_FILTER_AVG. It is faster than trying all five filters on every row."""

ALPHA = 3
"""Index of the alpha channel."""

NO_TIME = "1970:01:01 00:00:00"
"""The time that is written into files: always the same one, so that the same picture has the same bytes."""
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
PNG_HEAD_BYTES = 4096
"""The text chunks start within this length, since only IHDR and a few chunks of fixed length precede them."""


class RowWriter:
    """A picture file that is being written. `write` and `close` may raise FileError; call only `abandon` after it.

    `abandon` may be called while another thread writes, since a signal can leave that thread running.
    """

    def __init__(
        self, path: Path, kind: str, size_px: tuple[int, int], channels: int, data: str, attributes: Mapping
    ) -> None:
        """Start a file of `kind` ("png", "exr") at `path` whose channels are stored as `data` ("uint8", "half")."""
        import OpenImageIO as oiio

        self.path, self.size_px = path, size_px
        self._top = 0
        self._busy, self._is_abandoned = threading.Lock(), False
        output = oiio.ImageOutput.create(kind)
        if output is None:
            raise FileError("cannot encode {}: {}", "install OpenImageIO again", kind, oiio.geterror())
        self._output = output
        spec = oiio.ImageSpec(size_px[1], size_px[0], channels, data)
        for name, value in attributes.items():
            spec.attribute(name, value)
        if not self._output.open(str(path), spec):
            raise self._error()

    def write(self, texture: Texture) -> None:
        """Append rows (n, W, C) of the picture's width."""
        for start in range(0, len(texture.pixels), ROWS_AT_ONCE):
            rows = replace(texture, pixels=texture.pixels[start : start + ROWS_AT_ONCE])
            pixels = np.ascontiguousarray(self.stored_pixels(rows))
            with self._busy:
                if self._is_abandoned:
                    return
                written = self._output.write_scanlines(self._top, self._top + len(pixels), 0, pixels)
                if not written or self._output.has_error:  # the PNG writer returns True and keeps the error
                    raise self._error()
            self._top += len(pixels)

    def stored_pixels(self, texture: Texture) -> np.ndarray:
        """The texture's pixels in the colour space that the format stores."""
        raise NotImplementedError

    def close(self) -> None:
        """Complete the file after its last row."""
        with self._busy:
            if not self._output.close() or self._output.has_error:
                raise self._error()

    def abandon(self) -> None:
        """Close the incomplete file, so that it can be deleted."""
        with self._busy:
            self._is_abandoned = True
            self._output.close()
            self._output.geterror()

    def _error(self) -> FileError:
        height, width = self.size_px
        reason = self._output.geterror().partition("\n")[0].replace(str(self.path), "the file") or "its end is missing"
        if shutil.disk_usage(self.path.parent).free < FULL_BYTES:
            reason = os.strerror(errno.ENOSPC)
        message = "cannot write a picture of {}x{} px: {}"
        return FileError(message, "check the disk and its free space", width, height, reason)


class PngRows(RowWriter):
    """PNG of 8 or 16 bits a channel, with colour sRGB-encoded, and `metadata` in iTXt chunks and XMP.

    bits: 0 chooses 16 where 8 bits would show as steps, else 8.
    """

    def __init__(
        self, path: Path, layout: Layout, size_px: tuple[int, int], metadata: Mapping[str, str], *, bits: int
    ) -> None:
        bits = bits or (16 if layout.is_fine else 8)
        self._chunks = png_texts(metadata)
        attributes: dict[str, str | int] = {"oiio:ColorSpace": "srgb" if layout.is_color else "Raw"}
        if layout.channels == ALPHA + 1:
            attributes["oiio:UnassociatedAlpha"] = 1  # or else OpenImageIO divides by it
        if is_large(size_px):  # 4 to 7 times faster, 4 to 6 % larger (measured on a brick's maps)
            attributes |= {"png:compressionLevel": 1, "png:filter": PNG_AVERAGE_FILTER}
        else:
            attributes["png:compressionLevel"] = 6
        if self._chunks:  # OpenImageIO writes tEXt but not iTXt: a tEXt of the same length reserves the place
            attributes["impasto"] = " " * (len(self._chunks) - len(png_chunk(b"tEXt", b"impasto\0")))
        super().__init__(path, "png", size_px, layout.channels, f"uint{bits}", attributes)

    def stored_pixels(self, texture: Texture) -> np.ndarray:
        return encoded_pixels(texture)

    def close(self) -> None:
        super().close()
        with self.path.open("r+b") as stream:
            if self._chunks:
                stream.seek(stream.read(PNG_HEAD_BYTES).index(b"tEXtimpasto\0") - 4)
                stream.write(self._chunks)
            stream.seek(-len(PNG_END), os.SEEK_END)
            if stream.read() != PNG_END:  # the disk was too full for the last buffer
                raise self._error()


def exr_attributes(metadata: Mapping[str, str]) -> dict[str, str]:
    """Attributes of an EXR file that hold the metadata."""
    names = {"impasto": "impasto", "source_type": "IPTC:DigitalSourceType"}
    return {names[key]: text for key, text in metadata.items() if key in names}


class ExrRows(RowWriter):
    """Half-float EXR, with colour scene-linear as compositors expect, and `metadata` as attributes."""

    def __init__(self, path: Path, layout: Layout, size_px: tuple[int, int], metadata: Mapping[str, str]) -> None:
        attributes = {"compression": "zip", "DateTime": NO_TIME, **exr_attributes(metadata)}
        super().__init__(path, "exr", size_px, layout.channels, "half", attributes)

    def stored_pixels(self, texture: Texture) -> np.ndarray:
        if texture.color_space != "srgb":
            return texture.pixels
        color = srgb_to_linear(texture.pixels[..., :ALPHA])
        alpha = texture.pixels[..., ALPHA:]
        return np.concatenate([color * alpha, alpha], axis=2) if alpha.size else color  # as OpenEXR defines alpha

    def close(self) -> None:
        import OpenImageIO as oiio

        super().close()
        file = oiio.ImageInput.open(str(self.path))
        last = self.size_px[0] - 1
        if file is None or file.read_scanlines(last, last + 1, 0, 0, 1, "half") is None:  # the disk was full
            raise self._error()


def write_whole(rows: RowWriter, texture: Texture) -> None:
    """Write a whole texture to a new file and close it."""
    try:
        rows.write(texture)
        rows.close()
    except BaseException:
        rows.abandon()
        raise


def encode_whole(
    start: Callable[..., RowWriter], layout: Layout, texture: Texture, metadata: Mapping[str, str]
) -> bytes:
    """The bytes of a file in the format of `start`. Raise FileError if the disk of the temporary folder is full."""
    with temporary_folder() as folder:
        path = folder / "map"
        try:
            write_whole(start(path, layout, texture.size_px, metadata), texture)
        except FileError as error:
            raise in_temporary_folder(error) from error
        return path.read_bytes()


@dataclass(frozen=True)
class Exporter:
    """A file format for maps: `encode(layout, texture, metadata) -> bytes`.

    start: `start(path, layout, size_px, metadata)` begins a file that is written row by row; None if the format can
    only be written whole. keeps_light: whether it can hold colours above 1.
    """

    name: str
    label: str
    suffix: str
    encode: Callable[[Layout, Texture, Mapping[str, str]], bytes]
    start: Callable[[Path, Layout, tuple[int, int], Mapping[str, str]], RowWriter] | None = None
    keeps_light: bool = False

    def notes_on(self, maps: Maps, packing: Packing = MAPS) -> tuple[str, ...]:
        """Notes on maps for which the packing has no file, and on colours above 1 that this format does not keep."""
        unshown = sorted(maps.keys() - {"confidence", *(name for one in packing.pictures for name in one.map_names)})
        notes = []
        if unshown and "=" not in packing.name:
            notes.append(Message("{} has no file for {}", packing.name, ", ".join(unshown)))
        light = [float(one.pixels.max()) for one in maps.values() if one.color_space == "linear"]
        if not self.keeps_light and max(light, default=0.0) > 1 + TOLERANCE:
            note = "colours above 1, up to {:.4g}, are white in this file: write EXR to keep them"
            notes.append(Message(note, max(light)))
        return tuple(notes)

    def begin(
        self, path: Path, layout: Layout, size_px: tuple[int, int], metadata: Mapping[str, str]
    ) -> RowWriter | WholeFile:
        """A new file to write bands of rows to. A format without `start` accepts only a single band."""
        if self.start is None:
            return WholeFile(path, lambda texture: self.encode(layout, texture, metadata))
        return self.start(path, layout, size_px, metadata)


@dataclass(frozen=True)
class WholeFile:
    """A file in a format that must be encoded whole; it has the methods of `RowWriter`."""

    path: Path
    encode: Callable[[Texture], bytes]

    def write(self, texture: Texture) -> None:
        self.path.write_bytes(self.encode(texture))

    def close(self) -> None:
        """Do nothing: the file is complete."""

    def abandon(self) -> None:
        """Do nothing: no file is open."""


def _by_rows(
    name: str, label: str, suffix: str, start: Callable[..., RowWriter], keeps_light: bool = False
) -> Exporter:
    return Exporter(name, label, suffix, partial(encode_whole, start), start, keeps_light)


BUILTIN_EXPORTERS = (
    _by_rows("png", "PNG, 8 bits a channel", ".png", partial(PngRows, bits=8)),
    _by_rows("png16", "PNG, 16 bits a channel", ".png", partial(PngRows, bits=16)),
    _by_rows("png-auto", "PNG, 8 bits a channel, 16 for heights and normals", ".png", partial(PngRows, bits=0)),
    _by_rows("exr", "OpenEXR, half float", ".exr", ExrRows, keeps_light=True),
)
