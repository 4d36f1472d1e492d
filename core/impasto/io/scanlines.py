"""Stored pixels of a picture file, a band of rows at a time: read by OpenImageIO, or by Pillow for some formats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError, Message
from ..system.untrusted import excerpt, is_unicode, printable, shorten
from .channels import choose_channels, rank, short_name
from .headers import RESAVE, Header, check_length, read_header
from .signatures import READ
from .whole_pictures import DecodedPicture, PillowPicture, decode_cut_jpeg, decode_parts, twelve_bit_jpeg

MEMORY_BYTES = 13 * 2**27
"""Limit of memory for reading one picture, 1.6 GiB: enough for a JPEG of 100 megapixels, or an RGB PNG of 140."""
MAX_SIDE_PX = 2**17
BAND_VALUES = 2**21
ROWS_AT_ONCE = 256
MAX_STORED_BYTES = 2**31
"""Limit of all channels of an EXR together, since single channels cannot be decompressed alone."""
MAX_PARTS = 64
GDAL_NODATA = 42113
PALETTE, SEPARATED = 3, 5
"""TIFF's photometric interpretations of palettes and of ink."""
REASON_CHARACTERS = 160
CHROMA = {"RY", "BY"}
"""Channels of an EXR that stores colours as luminance and chroma."""
SIGNED = {"int8": 2**7 - 1, "int16": 2**15 - 1, "int": 2**31 - 1}
"""Signed integer formats, with their largest value."""
SMALLER = "scale it down, or crop it"
UNREAD = ("configured", "implemented")
"""Ends of libtiff's messages about a compression that it does not support."""
Whole = DecodedPicture | PillowPicture
"""Sources that are decoded whole."""
PILLOW, STRAIGHT = ("WEBP", "AVIF", "HEIF", "DDS"), ("BMP", "DDS", "JXL")
"""Formats that Pillow reads, and formats whose colour is not multiplied by opacity."""


@dataclass(frozen=True)
class Scanlines:
    """Rows of a picture file and their meaning.

    channels: indexes of the colour channels among the stored ones (1 or 3; 4 for CMYK). alpha: index of opacity.
    color: "rgb" (or grey), "cmyk", "lab" or "icclab" (see `_color`). extra_bytes, chunks: as in `Header`.
    notes: sentences about content of the file that is not read. shows_window: whether an EXR's display window differs
    from that of its pixels; the rest of the display window is black and transparent.
    """

    path: Path
    kind: str
    spec: Any
    channels: tuple[int, ...]
    alpha: int | None
    color: str
    extra_bytes: int
    source: Any
    chunks: Mapping[bytes, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    shows_window: bool = False

    @property
    def size_px(self) -> tuple[int, int]:
        """(height, width) before the EXIF orientation is applied."""
        if self.shows_window:
            return self.spec.full_height, self.spec.full_width
        return self.spec.height, self.spec.width

    @property
    def orientation(self) -> int:
        """EXIF orientation, 1 to 8."""
        found = self.spec.get_int_attribute("Orientation", 1)
        return found if 1 <= found <= 8 else 1

    @property
    def profile(self) -> bytes:
        """The embedded colour profile."""
        found = self.spec.getattribute("ICCProfile")
        return b"" if found is None else np.asarray(found, np.uint8).tobytes()

    @property
    def chromaticities(self) -> tuple[float, ...]:
        """x and y of an EXR's red, green, blue and white; empty if the file does not state them."""
        found = self.spec.getattribute("chromaticities")
        return tuple(map(float, found)) if isinstance(found, tuple | list) and len(found) == 8 else ()

    def text(self, name: str) -> str:
        """A text attribute of the file; "" if it is absent. Raise FileError if it is not Unicode."""
        try:
            found = self.spec.getattribute(name)
        except UnicodeDecodeError as error:
            raise FileError("{} is damaged: its {} is not Unicode", RESAVE, excerpt(self.path), name) from error
        return found if isinstance(found, str) else ""

    @property
    def void(self) -> float:
        """The value of points without a height in an elevation model (GDAL's tag of a TIFF); NaN if it has none."""
        from PIL import Image

        with suppress(OSError, SyntaxError, ValueError), Image.open(self.path, formats=["TIFF"]) as picture:
            return float(picture.getexif().get(GDAL_NODATA, "nan"))
        return float("nan")  # also for kinds of TIFF that Pillow does not read

    @property
    def is_float(self) -> bool:
        """Whether values are scene-linear and unbounded."""
        return str(self.spec.format) in ("half", "float", "double")

    @property
    def is_signed(self) -> bool:
        """Whether values are signed integers."""
        return str(self.spec.format) in SIGNED

    @property
    def is_associated(self) -> bool:
        """Whether colour is stored multiplied by its opacity."""
        is_straight = self.kind in STRAIGHT or bool(self.spec.get_int_attribute("oiio:UnassociatedAlpha"))
        return self.alpha is not None and not is_straight

    def check_memory(self, channels: int, divisor: int = 1) -> None:
        """Raise FileError if reading `channels` channels as float32 would need more than MEMORY_BYTES.

        divisor: the sides of the result are this many times shorter.
        """
        height, width = self.size_px
        if max(height, width) > MAX_SIDE_PX:
            message = "{} claims {}x{} pixels, more than {:,} a side"
            raise FileError(message, SMALLER, excerpt(self.path), width, height, MAX_SIDE_PX)
        row_bytes = (self.spec.width + max(self.spec.tile_width - 1, 0)) * self.spec.pixel_bytes(True)
        held = self.extra_bytes * width * height + 3 * self._rows_at_once() * row_bytes
        needed = 4 * channels * width * height // divisor**2 + held
        if needed > MEMORY_BYTES:
            message, gib = "{} claims {}x{} pixels, which need {:,.2f} GiB to read, the limit is {:.2f}", 2**30
            raise FileError(message, SMALLER, excerpt(self.path), width, height, needed / gib, MEMORY_BYTES / gib)

    def bands(self) -> Iterator[tuple[int, np.ndarray]]:
        """Bands from the top as (first row, rows (n, W, C) as stored: integers or float32).

        Raise FileError if the file is damaged.
        """
        yield from self._in_window() if self.shows_window else self._stored_bands()

    def _in_window(self) -> Iterator[tuple[int, np.ndarray]]:
        """Bands of the display window: stored pixels where there are any, else black and transparent."""
        spec, (height, width) = self.spec, self.size_px
        across, down = spec.x - spec.full_x, spec.y - spec.full_y
        left, right = max(across, 0), min(across + spec.width, width)

        def blank(top: int, end: int) -> Iterator[tuple[int, np.ndarray]]:
            for start in range(top, end, ROWS_AT_ONCE):
                yield start, np.zeros((min(ROWS_AT_ONCE, end - start), width, len(self._all_channels)), np.float32)

        yield from blank(0, max(down, 0))
        for top, rows in self._stored_bands():
            rows, top = rows[max(-down - top, 0) :][: max(height - max(top + down, 0), 0)], max(top + down, 0)
            for start, band in blank(top, top + len(rows)):
                band[:, left:right] = rows[start - top : start - top + len(band), left - across : right - across]
                yield start, band
        yield from blank(max(down + spec.height, 0), height)

    def _stored_bands(self) -> Iterator[tuple[int, np.ndarray]]:
        height = self.spec.height
        step = self._rows_at_once()
        for top in range(0, height, step):
            rows = self._rows(top, min(top + step, height))
            for start in range(0, len(rows), ROWS_AT_ONCE):  # bounds the memory of the conversion that follows
                yield top + start, rows[start : start + ROWS_AT_ONCE]

    def _rows(self, top: int, end: int) -> np.ndarray:
        if isinstance(self.source, Whole):
            try:
                return self.source.rows(top, end)
            except Exception as error:  # decoders raise many kinds for damaged files, which all mean the same
                raise damage_error(self.path, str(error)) from error
        spec, begin, stop = self.spec, min(self._all_channels), max(self._all_channels) + 1
        stored = str(spec.format) if str(spec.format) in ("uint8", "uint16", *SIGNED) else "float"
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


def open_scanlines(path: Path) -> Scanlines:
    """A picture that is not decoded yet, after its header was checked. Raise FileError if it cannot be used."""
    try:
        return _scanlines(path)
    except UnicodeDecodeError as error:  # OpenImageIO's names of channels and attributes
        raise damage_error(path, "the names in it are not Unicode") from error


def _scanlines(path: Path) -> Scanlines:
    header = read_header(path)
    _check_claim(path, header, header.size_px)
    if header.kind in PILLOW and (lines := _by_pillow(path, header)):
        return lines
    if header.size_px and (header.pillow_mode == "L" or header.kind == "BMP"):
        import OpenImageIO as oiio

        source, spec = None, oiio.ImageSpec(*header.size_px, len(header.pillow_mode), "uint8")
    else:
        source, spec = _open(path, header.kind, raw=header.is_lab)
    check_length(path, header.kind, (spec.width, spec.height))
    color, extra_bytes = "icclab" if header.is_lab else _color(spec), header.extra_bytes
    if color != "rgb" and header.kind == "TIFF":  # as stored: OpenImageIO would ignore profiles and convert Lab wrongly
        source, spec = _open(path, header.kind, raw=True)
    if header.is_lab and spec.alpha_channel >= 0:  # OpenImageIO takes white out of Lab as if it were RGB
        message = "{} is a PSD in Lab with transparency, which is not read"
        raise FileError(message, "flatten it, or convert it to RGB and save it again", excerpt(path))
    channels, alpha = choose_channels(spec, 4 if color == "cmyk" and header.kind == "TIFF" else 3)
    if header.kind == "TGA" and (header.ignores_alpha or spec.nchannels == 2):
        alpha = None if header.ignores_alpha else 1
        spec.attribute("oiio:UnassociatedAlpha", 1)
    if header.kind == "JPEG" and color == "cmyk":
        channels = (0, 1, 2, 3)
    if color == "cmyk" and spec.nchannels == 5 and spec.get_int_attribute("tiff:UnassociatedAlpha"):
        alpha = 4  # which OpenImageIO calls an ink
    pillow_mode = header.pillow_mode or (_tiff_mode(source, spec) if header.kind == "TIFF" else "")
    if pillow_mode:
        alpha = len(pillow_mode) - 1 if pillow_mode.endswith("A") else None
        channels = tuple(range(len(pillow_mode) if alpha is None else alpha))
        spec.attribute("oiio:UnassociatedAlpha", 1)
        is_bit = spec.get_int_attribute("oiio:BitsPerSample") == 5
        source, extra_bytes = PillowPicture(path, header.kind, pillow_mode, is_inverted=is_bit), extra_bytes + 5
    elif header.bits == 12:
        spec.set_format("uint16")
        source = twelve_bit_jpeg(path, (spec.height, spec.width, len(channels)), is_cmyk=color == "cmyk")
        extra_bytes += path.stat().st_size // (spec.width * spec.height) + 1
    elif header.kind == "JPEG" and color == "cmyk":
        source, extra_bytes = PillowPicture(path, "JPEG", "CMYK", is_cut=header.is_cut), extra_bytes + 4
    elif header.is_cut:
        source, extra_bytes = DecodedPicture(partial(decode_cut_jpeg, path)), extra_bytes + 3
    elif header.kind != "TIFF" and color == "cmyk":
        color = "rgb"  # converted by OpenImageIO
    elif header.kind == "EXR" and alpha is None and (places := _single_channel_parts(source, spec, channels)):
        source, extra_bytes = DecodedPicture(partial(decode_parts, path, places)), extra_bytes + 4 * len(places)
        alpha = len(places) - 1 if len(places) in (2, 4) else None
        channels = tuple(range(alpha or 3))
    notes = _notes(path, header, source, spec)
    is_windowed = header.kind == "EXR" and _check_window(path, spec)
    about = header.chunks, notes, is_windowed
    return Scanlines(path, header.kind, spec, channels, alpha, color, extra_bytes, source, *about)


def _tiff_mode(source: Any, spec: Any) -> str:
    """Pillow's mode for a TIFF that OpenImageIO reads wrongly, else "": palette with opacity, or JPEG compression."""
    photometric = spec.get_int_attribute("tiff:PhotometricInterpretation", -1)
    if photometric == PALETTE:
        return "RGBA" if spec.alpha_channel >= 0 else ""
    if spec.get_string_attribute("compression") != "jpeg":
        return ""
    known = {(2, -1): "LA", (4, 3): "RGBA"}
    return "CMYK" if photometric == SEPARATED else known.get((spec.nchannels, spec.alpha_channel), "")


def _notes(path: Path, header: Header, source: Any, spec: Any) -> tuple[str, ...]:
    """Notes on a JPEG without its end, on two channels without opacity, and on a TIFF's page as large as its first."""
    if header.is_cut:
        return (Message("{} lacks the mark at its end, but none of its pixels", excerpt(path)),)
    if spec.nchannels == 2 and spec.alpha_channel < 0 and header.kind in ("TIFF", "EXR"):
        return (Message("{} has two channels, and neither is opacity: the first is read as grey", excerpt(path)),)
    if header.kind != "TIFF" or isinstance(source, PillowPicture):
        return ()
    pages = [(other.width * other.height, page, other) for page, other in _parts(source)]
    source.seek_subimage(0, 0)
    _, page, other = max(pages, key=lambda one: one[:2])
    sizes = Message("{}x{}, no smaller than its first, which is read", other.width, other.height)
    return (Message("page {} of {} is {}", page + 1, excerpt(path), sizes),) if page else ()


def _check_window(path: Path, spec: Any) -> bool:
    """Whether an EXR's display window differs from that of its pixels. Raise FileError if the two do not overlap."""
    sides = _sides(spec)
    if min(spec.full_width, spec.full_height) < 1 or all(side[:2] == side[2:] for side in sides):
        return False
    if spec.full_width * spec.full_height * 12 > MEMORY_BYTES:
        message = "{} is shown in {}x{} pixels, too many to read"
        raise FileError(message, SMALLER, excerpt(path), spec.full_width, spec.full_height)
    for start, size, full_start, full_size in sides:
        if start + size <= full_start or full_start + full_size <= start:
            message = "{} has no pixels within its display window"
            raise FileError(message, "export it again without cropping it", excerpt(path))
    return True


def _sides(spec: Any) -> tuple[tuple[int, ...], ...]:
    """For each axis, across and down: start and length of the pixels, and of the display window."""
    return (spec.x, spec.width, spec.full_x, spec.full_width), (spec.y, spec.height, spec.full_y, spec.full_height)


def _check_claim(path: Path, header: Header, size_px: tuple[int, int] | None) -> None:
    """Raise FileError if (width, height) is too large, since some decoders allocate all pixels when they begin."""
    if size_px and size_px[0] * size_px[1] * max(12, header.extra_bytes) > MEMORY_BYTES:
        message = "{} claims {}x{} pixels, which is too much to read"
        raise FileError(message, SMALLER, excerpt(path), size_px[0], size_px[1])


def _by_pillow(path: Path, header: Header) -> Scanlines | None:
    """The rows of a picture that Pillow reads; None for a kind of DDS that OpenImageIO has to read."""
    picture = PillowPicture(path, header.kind)
    try:
        _check_claim(path, header, picture.size_px)
        check_length(path, header.kind, picture.size_px)
        spec, color = picture.spec(), picture.color
    except NotImplementedError:
        return None
    except FileError:
        raise
    except Exception as error:  # Pillow raises many kinds for damaged files, which all mean the same
        raise damage_error(path, str(error)) from error
    channels, alpha = choose_channels(spec, 3)
    chunks = {b"cICP": bytes((*(min(one, 255) for one in color), 0, 1))} if color else {}
    moves = Message("{} has {} frames, of which the first is read", excerpt(path), picture.frames)
    notes = (moves,) if picture.frames > 1 else ()
    return Scanlines(path, header.kind, spec, channels, alpha, "rgb", header.extra_bytes, picture, chunks, notes)


def damage_error(path: Path, reason: str) -> FileError:
    """The error for a file that a decoder rejects because it is damaged, unsupported, or exceeds a limit."""
    first = reason.strip().partition("\n")[0].replace(str(path), "the file") or "its pixels end early"
    said = shorten(printable(first), REASON_CHARACTERS)
    if first.endswith(UNREAD):
        return FileError("{} is compressed in a way that is not read: {}", RESAVE, excerpt(path), said)
    if "exceeds" in first:
        message = f"{excerpt(path)}: {said.rstrip('.')}"
        return FileError("{}, too much to read", SMALLER, message)
    return FileError("{} is damaged: {}", RESAVE, excerpt(path), said)


def _error_of(source: Any) -> str:
    """The last error message of OpenImageIO or of one of its inputs. It may quote bytes of the file."""
    try:
        return source.geterror()
    except UnicodeDecodeError:
        return "the text in it is not Unicode"


def _open(path: Path, kind: str, raw: bool = False) -> tuple[Any, Any]:
    """An OpenImageIO input at the part to read, and that part's specification. Colour stays unassociated if possible.

    raw: whether colours are wanted as stored, not converted to RGB.
    """
    import OpenImageIO as oiio

    if not is_unicode(str(path)):
        raise FileError("the name of {} is not Unicode", "rename it", excerpt(path))
    # a JPEG XL is decoded when it is opened ("jxl claims 9000"); `check_memory` bounds the others, bands included
    oiio.attribute("limits:imagesize_MB", MEMORY_BYTES >> 21 if kind == "JXL" else 0)
    configuration = oiio.ImageSpec()
    configuration.attribute("oiio:UnassociatedAlpha", 1)
    configuration.attribute("oiio:RawColor", int(raw))
    source = oiio.ImageInput.open(str(path), configuration)
    if source is None or source.format_name() != READ[kind].openimageio:
        said = _error_of(oiio)  # from the reader for the file's extension, which is tried first
        if kind == "JXL" and READ[kind].openimageio not in oiio.get_string_attribute("format_list"):
            message = "{} is a JPEG XL, which needs OpenImageIO 3.2 or newer, and that NumPy 2"
            raise FileError(message, "export it as PNG, or update both", excerpt(path))
        if "exceeds" in said:
            raise damage_error(path, said)
        if kind == "DDS" and said.startswith("Unsupported"):
            said = shorten(printable(said), REASON_CHARACTERS)
            raise FileError("{} is a DDS that is not read: {}", "save it in BC1 to BC7", excerpt(path), said)
        if path.suffix.lower()[1:3] != kind.lower()[:2]:
            raise FileError("{} is damaged: no {} that can be decoded", RESAVE, excerpt(path), kind)
        raise damage_error(path, said)
    if kind == "EXR":  # go to the part that holds colour; further pages in other formats are other pictures
        ranks = [rank(spec) for _, spec in _parts(source)]
        source.seek_subimage(ranks.index(min(ranks)), 0)
    spec = source.spec()
    if kind == "EXR" and {name.rpartition(".")[2] for name in spec.channelnames} >= CHROMA:
        remedy = "save it as RGB"
        raise FileError("{} has its colours as luminance and chroma, which is not read", remedy, excerpt(path))
    stored = spec.width * spec.height * spec.pixel_bytes(True)
    if kind == "EXR" and stored >= MAX_STORED_BYTES:
        message, remedy = "{} has {} channels of {}x{} pixels, too much to read", "save the layers that you need alone"
        raise FileError(message, remedy, excerpt(path), spec.nchannels, spec.width, spec.height)
    if spec.deep or spec.depth > 1:
        raise FileError("{} is a deep picture or a volume, which is not read", "flatten it", excerpt(path))
    return source, spec


def _parts(source: Any) -> Iterator[tuple[int, Any]]:
    """The numbers and specifications of a file's parts or pages."""
    for index in range(MAX_PARTS):
        if not source.seek_subimage(index, 0):
            break
        yield index, source.spec()
    _error_of(source)  # clear the error of seeking past the last part


def _single_channel_parts(source: Any, spec: Any, channels: tuple[int, ...]) -> list[tuple[int, int]]:
    """(part, channel) of an EXR's colour and opacity, if some of them are in parts of a single channel; else []."""
    part, found = source.current_subimage(), dict[str, tuple[int, int]]()
    for index, other in _parts(source):
        if other.nchannels == 1 and _sides(other) == _sides(spec):
            found.setdefault(short_name(other.channelnames[0]), (index, 0))
    source.seek_subimage(part, 0)
    if len(channels) == 3 or short_name(spec.channelnames[0]) == "y":
        return [*((part, channel) for channel in channels), found["a"]] if "a" in found else []
    return [found[name] for name in "rgba" if name in found] if {*"rgb"} <= found.keys() else []


def _color(spec: Any) -> str:
    """Colour model of the stored channels: "rgb", "cmyk", or "lab" and "icclab" (TIFF's photometric values 8 and 9)."""
    photometric = spec.get_int_attribute("tiff:PhotometricInterpretation", -1)
    if photometric in (8, 9):
        return {8: "lab", 9: "icclab"}[photometric]
    is_cmyk = photometric == 5 or spec.get_string_attribute("jpeg:ColorSpace") in ("CMYK", "YCbCrK", "YCCK")
    return "cmyk" if is_cmyk else "rgb"


def _is_planar(spec: Any) -> bool:
    """Whether each channel is stored as a compressed plane of its own, so that rows cannot be read alone."""
    compression = spec.get_string_attribute("compression")
    is_separate = spec.get_string_attribute("planarconfig") == "separate"
    return is_separate and not spec.tile_width and compression not in ("", "none")
