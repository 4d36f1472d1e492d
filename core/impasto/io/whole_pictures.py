"""Pictures that are decoded whole when their first rows are needed, because OpenImageIO cannot read them as stored.

Pillow reads WebP, AVIF, HEIC (with pillow-heif), DDS, and some kinds of TIFF, TGA, BMP and JPEG. imagecodecs reads JPEG
of 12 bits.
"""

from __future__ import annotations

import functools
import io
import re
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError
from ..surface.orientation import with_blue
from ..system.transaction import temporary_folder
from ..system.untrusted import check_file, excerpt, read_bytes
from .signatures import READ

ORIENTATION = 0x0112
"""EXIF tag."""
CHANNELS = {"L": ("Y",), "LA": ("Y", "A"), "RGB": ("R", "G", "B"), "RGBA": ("R", "G", "B", "A")}
NORMALS, LIGHT = "BC5", "BC6"
"""Compressions of a DDS: two channels, which are x and y of normals (z follows from them); and light as floats."""
SRGB_FORMATS = (72, 75, 78)
"""DXGI_FORMAT_BC1_UNORM_SRGB, BC2_UNORM_SRGB and BC3_UNORM_SRGB."""
MOST_DDS_BYTES, MOST_BYTES = 2**31, 2**29
"""Limits of the length of files that Pillow reads whole before it knows the size of the picture."""
NCLX = re.compile(rb"colrnclx(....)", re.DOTALL)
"""The box of an AVIF or HEIC that holds the numbers of primaries and transfer (ISO 14496-12, 12.1.5; ITU-T H.273)."""
SCAN, END = b"\xff\xda", b"\xff\xd9"


class PillowPicture:
    """A picture of 8 bits a channel that Pillow decodes.

    kind: Pillow's name of the format. mode: Pillow's mode for the rows; "" for the file's own, or "RGB". CMYK means
    amounts of ink, even if Adobe software stored them inverted. is_inverted: whether Pillow inverts the opacity, as in
    a TGA with one bit of it. is_cut: whether it is a JPEG without its end marker. Raise FileError if the package that
    reads the format is missing, and any of Pillow's exceptions if the file is damaged.
    """

    def __init__(
        self, path: Path, kind: str, mode: str = "", *, is_inverted: bool = False, is_cut: bool = False
    ) -> None:
        self._path, self._kind, self._mode, self._is_inverted, self._is_cut = path, kind, mode, is_inverted, is_cut

    def rows(self, top: int, end: int) -> np.ndarray:
        """Rows (n, W, C), uint8."""
        rows = np.atleast_3d(np.asarray(self._image.crop((0, top, self._image.width, end)).convert(self.mode)))
        if self._pixel_format.startswith(NORMALS):
            return (with_blue(rows / np.float32(255)) * 255 + 0.5).astype(np.uint8)
        return rows ^ np.array([0, 0, 0, 255], np.uint8) if self._is_inverted else rows

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) from the header. Raise NotImplementedError for a DDS in BC6, whose floats Pillow drops."""
        if self._pixel_format.startswith(LIGHT):
            raise NotImplementedError(self._pixel_format)
        return self._image.size

    @functools.cached_property
    def mode(self) -> str:
        """Pillow's mode of the rows."""
        is_dds = self._kind == "DDS" and self._image.mode == "RGBA"
        if is_dds and self._image.getextrema()[3] == (255, 255):
            return "RGB"  # block compression always has a fourth channel
        return self._mode or (self._image.mode if self._image.mode in CHANNELS else "RGB")

    @functools.cached_property
    def _image(self) -> Any:
        from PIL import Image

        if READ[self._kind].extra:
            _register_heif(self._path)
        file: Any = self._path
        if self._is_cut:
            decode_cut_jpeg(self._path)  # raises an error if pixels are missing, which Pillow does not
            file = io.BytesIO(self._path.read_bytes() + END)
        elif self._kind == "DDS":
            file = io.BytesIO(_as_linear(read_bytes(self._path, MOST_DDS_BYTES)))
        elif not self._mode:
            check_file(self._path, MOST_BYTES)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(file, formats=[self._kind])

    @property
    def frames(self) -> int:
        """Number of frames; an animation has several."""
        return getattr(self._image, "n_frames", 1)

    @property
    def _pixel_format(self) -> str:
        return getattr(self._image, "pixel_format", "")

    @property
    def color(self) -> tuple[int, int] | None:
        """Primaries and transfer of an AVIF or HEIC (ITU-T H.273); None if it has a profile or does not state them."""
        found = NCLX.findall(read_bytes(self._path, MOST_BYTES)) if self._kind in ("AVIF", "HEIF") else []
        if not found or self._image.info.get("icc_profile"):
            return None
        return int.from_bytes(found[-1][:2], "big"), int.from_bytes(found[-1][2:], "big")

    def spec(self) -> Any:
        """The picture's specification, as OpenImageIO would give it."""
        import OpenImageIO as oiio

        names = CHANNELS[self.mode]
        width, height = self._image.size
        spec = oiio.ImageSpec(width, height, len(names), "uint8")
        spec.channelnames = names
        spec.alpha_channel = names.index("A") if "A" in names else -1
        spec.attribute("oiio:UnassociatedAlpha", 1)
        spec.attribute("Orientation", self._image.getexif().get(ORIENTATION, 1))
        if profile := self._image.info.get("icc_profile"):
            data = np.frombuffer(profile, np.uint8)
            spec.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{len(data)}]"), data)
        return spec


def _register_heif(path: Path) -> None:
    try:
        import pillow_heif
    except ImportError as error:
        message = "{} is a phone's HEIC photograph, which the extra impasto[formats] reads"
        remedy = "export it as JPEG, or `pip install impasto[formats]`: {} -I -m pip install pillow-heif"
        raise FileError(message, remedy, excerpt(path), sys.executable) from error
    pillow_heif.register_heif_opener(thumbnails=False)


def _as_linear(data: bytes) -> bytes:
    """A DDS whose sRGB format is replaced by the linear one of the same layout, which Pillow knows."""
    if data[84:88] == b"DX10" and data[128] in SRGB_FORMATS:
        return data[:128] + bytes([data[128] - 1]) + data[129:]
    return data


class DecodedPicture:
    """A picture that a function decodes whole. decode: returns pixels (H, W, C), or raises any error for damage."""

    def __init__(self, decode: Callable[[], np.ndarray]) -> None:
        self._decode = decode

    def rows(self, top: int, end: int) -> np.ndarray:
        """Rows (n, W, C) as they are stored."""
        return self._pixels[top:end]

    @functools.cached_property
    def _pixels(self) -> np.ndarray:
        return self._decode()


def decode_cut_jpeg(path: Path) -> np.ndarray:
    """Bytes (H, W, C) of a JPEG without end marker, from a copy with one. Raise ValueError if pixels are missing."""
    import OpenImageIO as oiio

    with temporary_folder() as folder:
        copy = folder / "a.jpg"
        shutil.copyfile(path, copy)
        with copy.open("ab") as stream:
            stream.write(END)
        source: Any = oiio.ImageInput.open(str(copy))
        pixels = source.read_image(0, 0, 0, source.spec().nchannels, "uint8")
        reason = source.geterror().replace(f'("{copy}")', "")
        source.close()
    if reason or pixels is None:
        raise ValueError(reason)
    return pixels


def decode_parts(path: Path, places: Iterable[tuple[int, int]]) -> np.ndarray:
    """Channels (H, W, C) from several parts of an EXR, given as (part, channel). Raise ValueError if it is damaged."""
    import OpenImageIO as oiio

    source: Any = oiio.ImageInput.open(str(path))
    found = [source.read_image(part, 0, channel, channel + 1, "float") for part, channel in places]
    if reason := source.geterror():
        raise ValueError(reason)
    return np.concatenate(found, 2)


def twelve_bit_jpeg(path: Path, shape: tuple[int, int, int], is_cmyk: bool) -> DecodedPicture:
    """A JPEG of 12 bits per channel with the shape (H, W, C), as uint16 from 0 to 65535.

    is_cmyk: whether it is CMYK, which Photoshop stores inverted. Raise FileError without the extra `formats`.
    """
    try:
        from imagecodecs import jpeg8_decode
    except ImportError as error:
        message = "{} is a JPEG of 12 bits a channel, which the extra impasto[formats] reads"
        remedy = "save it as 16-bit PNG or TIFF, or install the extra: {} -I -m pip install imagecodecs"
        raise FileError(message, remedy, excerpt(path), sys.executable) from error

    def decode() -> np.ndarray:
        data = read_bytes(path, MOST_BYTES)
        if data.rfind(END) < data.rfind(SCAN):
            raise ValueError("its pixels end early")  # libjpeg would fill the missing part with grey
        height, width, channels = shape  # of the header that was checked
        decoded = jpeg8_decode(data, out=np.empty(shape if channels > 1 else (height, width), np.uint16))
        rows = (decoded << 4 | decoded >> 8).reshape(shape)
        return ~rows if is_cmyk else rows

    return DecodedPicture(decode)
