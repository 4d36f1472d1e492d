"""Stored pixels of a picture file, a band of rows at a time, read by OpenImageIO except for some kinds of JPEG."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError
from ..system.untrusted import excerpt, is_unicode, printable
from .channels import choose_channels, rank
from .headers import DAMAGED, Header, check_length, read_header
from .jpegs import CMYKJPEG, TwelveBitJPEG
from .pillow_pictures import PillowPicture
from .signatures import READ

MEMORY_BYTES = 13 * 2**27
"""Limit of memory for one picture during reading, 1.6 GiB: 100 megapixels of a JPEG, 140 of an RGB PNG."""
MAX_SIDE_PX = 2**17
BAND_VALUES = 2**22
ROWS_AT_ONCE = 256
MAX_STORED_BYTES = 2**31
"""Limit of all channels of an EXR together, since the wanted ones cannot be decompressed alone."""
MAX_PARTS = 64
REASON_CHARACTERS = 160
SMALLER = "scale it down, or crop it"
WHOLE = (CMYKJPEG, TwelveBitJPEG, PillowPicture)
"""Sources that decode the whole picture at once."""
PILLOW = ("AVIF", "HEIF", "DDS")


@dataclass(frozen=True)
class Scanlines:
    """Rows of a picture file and their meaning.

    channels: indexes of the colour channels (1 or 3, of CMYK 4) among the stored ones; alpha: that of opacity.
    color: "rgb" (or grey), "cmyk", "lab" or "icclab" (see `_color`). held: as in `Header`;
    turned: `Header.orientation`.
    """

    path: Path
    kind: str
    spec: Any
    channels: tuple[int, ...]
    alpha: int | None
    color: str
    held: int
    turned: int
    source: Any

    @property
    def size_px(self) -> tuple[int, int]:
        """(height, width) as stored, before the EXIF orientation is applied."""
        return self.spec.height, self.spec.width

    @property
    def orientation(self) -> int:
        """EXIF orientation, 1 to 8."""
        found = self.turned or self.spec.get_int_attribute("Orientation", 1)
        return found if 1 <= found <= 8 else 1

    @property
    def profile(self) -> bytes:
        """The embedded colour profile."""
        found = self.spec.getattribute("ICCProfile")
        return b"" if found is None else np.asarray(found, np.uint8).tobytes()

    def text(self, name: str) -> str:
        """An attribute of the file, "" if it is absent. FileError if it is not valid text."""
        try:
            found = self.spec.getattribute(name)
        except UnicodeDecodeError as error:
            raise damage_error(self.path, f"its {name} is not Unicode") from error
        return found if isinstance(found, str) else ""

    @property
    def is_float(self) -> bool:
        """Whether values are scene-linear and unbounded."""
        return str(self.spec.format) in ("half", "float", "double")

    @property
    def is_associated(self) -> bool:
        """Whether colour is stored multiplied by its opacity."""
        is_straight = self.kind == "BMP" or bool(self.spec.get_int_attribute("oiio:UnassociatedAlpha"))
        return self.alpha is not None and not is_straight

    def check_memory(self, channels: int) -> None:
        """Raise FileError if reading `channels` channels as float32 would need more than MEMORY_BYTES."""
        height, width = self.size_px
        if max(height, width) > MAX_SIDE_PX:
            message = f"{excerpt(self.path)} claims {width}x{height} pixels, more than {MAX_SIDE_PX:,} a side"
            raise FileError(message, SMALLER)
        held = self.held * width * height + 3 * self._rows_at_once() * self._row_bytes()
        needed = 4 * channels * width * height + held
        if needed > MEMORY_BYTES:
            message = (
                f"{excerpt(self.path)} claims {width}x{height} pixels, which need {needed / 2**30:,.2f} GiB to read"
            )
            raise FileError(f"{message}, the limit is {MEMORY_BYTES / 2**30:.2f}", SMALLER)

    def bands(self) -> Iterator[tuple[int, np.ndarray]]:
        """(top, rows (n, W, C) as stored: uint8, uint16 or float32), from the top. FileError if the file is damaged."""
        height = self.spec.height
        step = self._rows_at_once()
        for top in range(0, height, step):
            rows = self._rows(top, min(top + step, height))
            for start in range(0, len(rows), ROWS_AT_ONCE):  # bounds the memory of the conversion that follows
                yield top + start, rows[start : start + ROWS_AT_ONCE]

    def _rows(self, top: int, end: int) -> np.ndarray:
        if isinstance(self.source, WHOLE):
            return self._rows_of_whole(self.source, top, end)
        spec, begin, stop = self.spec, min(self._all_channels), max(self._all_channels) + 1
        stored = str(spec.format) if str(spec.format) in ("uint8", "uint16") else "float"
        if spec.tile_width:
            left, upper = spec.x, spec.y
            area = (left, left + spec.width, upper + top, upper + end, spec.z, spec.z + 1)
            rows = self.source.read_tiles(*area, begin, stop, stored)
        elif _is_planar(spec):
            rows = self.source.read_image(0, 0, begin, stop, stored)
        else:
            rows = self.source.read_scanlines(spec.y + top, spec.y + end, spec.z, begin, stop, stored)
        if rows is None or self.source.has_error:
            raise damage_error(self.path, _error_of(self.source))
        return rows.reshape(end - top, spec.width, stop - begin)[..., [index - begin for index in self._all_channels]]

    def _rows_of_whole(self, source: CMYKJPEG | TwelveBitJPEG | PillowPicture, top: int, end: int) -> np.ndarray:
        try:
            return source.rows(top, end)
        except Exception as error:  # decoders raise many kinds for damaged files, which all mean the same
            raise damage_error(self.path, str(error)) from error

    @property
    def _all_channels(self) -> tuple[int, ...]:
        return self.channels if self.alpha is None else (*self.channels, self.alpha)

    def _rows_at_once(self) -> int:
        spec = self.spec
        if spec.tile_width:
            return min(spec.tile_height, spec.height + spec.tile_height)
        if _is_planar(spec):
            return spec.height
        rows = max(1, BAND_VALUES // (spec.width * spec.nchannels))
        return min(
            rows // ROWS_AT_ONCE * ROWS_AT_ONCE or rows // 16 * 16 or rows, ROWS_AT_ONCE, spec.height
        )  # whole blocks of EXR

    def _row_bytes(self) -> int:
        width = self.spec.width + max(self.spec.tile_width - 1, 0)
        return width * self.spec.pixel_bytes(True)


def open_scanlines(path: Path) -> Scanlines:
    """A picture whose header has been checked, not decoded yet. FileError if it cannot be used."""
    try:
        return _scanlines(path)
    except UnicodeDecodeError as error:  # OpenImageIO's names of channels and attributes
        raise damage_error(path, "the names in it are not Unicode") from error


def _scanlines(path: Path) -> Scanlines:
    header = read_header(path)
    if header.size_px and header.size_px[0] * header.size_px[1] * max(12, header.held) > MEMORY_BYTES:
        width, height = header.size_px  # some decoders allocate all of it when they open the file
        raise FileError(f"{excerpt(path)} claims {width}x{height} pixels, which is too much to read", SMALLER)
    if picture := _by_pillow(path, header):
        spec = picture.spec(header.color)
        channels, alpha = choose_channels(spec, 3)
        return Scanlines(path, header.kind, spec, channels, alpha, "rgb", header.held, 0, picture)
    source, spec = _open(path, header.kind, raw=header.is_lab)
    check_length(path, header.kind, (spec.width, spec.height))
    color, held = "icclab" if header.is_lab else _color(spec), header.held
    if color != "rgb" and header.kind == "TIFF":  # as stored: OpenImageIO would ignore profiles and convert Lab wrongly
        source, spec = _open(path, header.kind, raw=True)
    if header.is_lab and spec.alpha_channel >= 0:  # OpenImageIO takes white out of Lab as if it were RGB
        message = f"{excerpt(path)} is a PSD in Lab with transparency, which is not read"
        raise FileError(message, "flatten it, or convert it to RGB and save it again")
    channels, alpha = choose_channels(spec, 4 if color == "cmyk" and header.kind == "TIFF" else 3)
    if header.kind == "JPEG" and color == "cmyk":
        channels = (0, 1, 2, 3)
    if header.bits == 12:
        spec.set_format("uint16")
        source = TwelveBitJPEG(path, (spec.height, spec.width, len(channels)), is_cmyk=color == "cmyk")
        held += source.file_bytes // (spec.width * spec.height) + 1
    elif header.kind == "JPEG" and color == "cmyk":
        source, held = CMYKJPEG(path), held + 4
    elif header.kind != "TIFF" and color == "cmyk":
        color = "rgb"  # converted by OpenImageIO
    return Scanlines(path, header.kind, spec, channels, alpha, color, held, header.orientation, source)


def _by_pillow(path: Path, header: Header) -> PillowPicture | None:
    """The picture, if Pillow reads it better than OpenImageIO."""
    if header.kind not in PILLOW or header.size_px is None:
        return None
    try:
        return PillowPicture(path, header.kind, header.size_px)
    except NotImplementedError:  # kinds of DDS that OpenImageIO may know
        return None
    except FileError:
        raise
    except Exception as error:  # Pillow raises many kinds for damaged files, which all mean the same
        raise damage_error(path, str(error)) from error


def damage_error(path: Path, reason: str) -> FileError:
    """The error for a file that a decoder rejects."""
    first = reason.strip().partition("\n")[0].replace(str(path), "the file") or "its pixels end early"
    return FileError(f"{excerpt(path)} is damaged: {_shorten(first)}", DAMAGED)


def _error_of(source: Any) -> str:
    """Last error message of OpenImageIO or one of its inputs, which may quote bytes of the file."""
    try:
        return source.geterror()
    except UnicodeDecodeError:
        return "the text in it is not Unicode"


def _shorten(reason: str) -> str:
    """A decoder's message, shortened and made safe to print on a terminal."""
    text = printable(reason)
    return text if len(text) <= REASON_CHARACTERS else text[:REASON_CHARACTERS] + "…"


def _open(path: Path, kind: str, raw: bool = False) -> tuple[Any, Any]:
    """An OpenImageIO input at the part to read, and its specification; unassociated alpha is left so if possible."""
    import OpenImageIO as oiio

    if not is_unicode(str(path)):
        raise FileError(f"the name of {excerpt(path)} is not Unicode", "rename it")
    oiio.attribute("limits:imagesize_MB", 0)  # MEMORY_BYTES is checked instead, the same on every machine
    configuration = oiio.ImageSpec()
    configuration.attribute("oiio:UnassociatedAlpha", 1)
    configuration.attribute("oiio:RawColor", int(raw))
    source = oiio.ImageInput.open(str(path), configuration)
    if source is None or source.format_name() != READ[kind].openimageio:
        said = _error_of(oiio)  # from the reader for the file's extension, which is tried first
        raise damage_error(
            path, said if path.suffix.lower()[1:3] == kind.lower()[:2] else f"no {kind} that can be decoded"
        )
    _seek_color(source)
    spec = source.spec()
    stored = spec.width * spec.height * spec.pixel_bytes(True)
    if kind == "EXR" and stored >= MAX_STORED_BYTES:
        message = f"{excerpt(path)} has {spec.nchannels} channels of {spec.width}x{spec.height} pixels"
        raise FileError(f"{message}, too much to read", "save the layers that you need alone")
    if spec.deep or spec.depth > 1:
        raise FileError(f"{excerpt(path)} is a deep picture or a volume, which is not read", "flatten it")
    return source, spec


def _seek_color(source: Any) -> None:
    """Go to the part of an EXR that holds colour, or to the first part if none does.

    Further pages in other formats are further pictures, of which only the first is read.
    """
    if source.format_name() != "openexr":
        return
    ranks = [rank(source.spec())]
    while min(ranks) > 0 and len(ranks) < MAX_PARTS and source.seek_subimage(len(ranks), 0):
        ranks.append(rank(source.spec()))
    _error_of(source)  # clear the error of seeking past the last part
    source.seek_subimage(ranks.index(min(ranks)), 0)


def _color(spec: Any) -> str:
    """Colour model of the stored channels: "rgb", "cmyk", "lab" or "icclab" (TIFF's photometric values 8 and 9)."""
    photometric = spec.get_int_attribute("tiff:PhotometricInterpretation", -1)
    if photometric in (8, 9):
        return {8: "lab", 9: "icclab"}[photometric]
    is_cmyk = photometric == 5 or spec.get_string_attribute("jpeg:ColorSpace") in ("CMYK", "YCbCrK", "YCCK")
    return "cmyk" if is_cmyk else "rgb"


def _is_planar(spec: Any) -> bool:
    """Whether channels are stored as separate compressed planes, so that rows cannot be read on their own."""
    compression = spec.get_string_attribute("compression")
    is_separate = spec.get_string_attribute("planarconfig") == "separate"
    return is_separate and not spec.tile_width and compression not in ("", "none")
