"""Pictures that Pillow decodes whole when their first rows are needed: WebP, AVIF, HEIC (by pillow-heif) and DDS."""

from __future__ import annotations

import io
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError
from ..surface.orientation import with_blue
from ..system.untrusted import excerpt, read_bytes
from .signatures import READ

ORIENTATION = 0x0112
"""EXIF tag."""
CHANNELS = {"L": ("Y",), "LA": ("Y", "A"), "RGB": ("R", "G", "B"), "RGBA": ("R", "G", "B", "A")}
NORMALS, LIGHT = "BC5", "BC6"
"""Compressions of a DDS: of two channels, x and y of normals, whose z follows from them; and of light, as floats."""
SRGB_FORMATS = (72, 75, 78)
"""DXGI_FORMAT_BC1_UNORM_SRGB, BC2_UNORM_SRGB and BC3_UNORM_SRGB."""
MAX_DDS_BYTES = 2**31


class PillowPicture:
    """A picture of 8 bits a channel whose header was checked. size_px: (width, height) that the header claims.

    Raises FileError without the package that reads it, NotImplementedError for a kind of DDS that Pillow does not read
    as it is stored, and any of Pillow's exceptions if the file is damaged.
    """

    def __init__(self, path: Path, kind: str, size_px: tuple[int, int]) -> None:
        from PIL import Image

        if READ[kind].extra:
            _register_heif(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            file = _as_linear_dds(path) if kind == "DDS" else path
            self._image: Any = Image.open(file, formats=[kind])
        if self._pixel_format.startswith(LIGHT):
            raise NotImplementedError(self._pixel_format)
        if kind == "DDS" and self._image.mode == "RGBA" and _is_opaque(self._image):
            self._image = self._image.convert("RGB")  # block compression has a fourth channel, needed or not
        elif self._image.mode not in CHANNELS:
            self._image = self._image.convert("RGB")
        width, height = self._image.size
        if width * height > size_px[0] * size_px[1]:
            raise ValueError("its header claims another size")

    def rows(self, top: int, end: int) -> np.ndarray:
        """Rows (n, W, C), uint8."""
        rows = np.asarray(self._image.crop((0, top, self._image.width, end)))
        rows = rows[..., None] if rows.ndim == 2 else rows
        return _with_z(rows) if self._pixel_format.startswith(NORMALS) else rows

    @property
    def _pixel_format(self) -> str:
        return getattr(self._image, "pixel_format", "")

    def spec(self, color: tuple[int, int] | None) -> Any:
        """OpenImageIO's specification of the picture. color: primaries and transfer (ITU-T H.273), if known."""
        import OpenImageIO as oiio

        names = CHANNELS[self._image.mode]
        width, height = self._image.size
        spec = oiio.ImageSpec(width, height, len(names), "uint8")
        spec.channelnames = names
        spec.alpha_channel = names.index("A") if "A" in names else -1
        spec.attribute("oiio:UnassociatedAlpha", 1)
        spec.attribute("Orientation", self._image.getexif().get(ORIENTATION, 1))
        if profile := self._image.info.get("icc_profile"):
            data = np.frombuffer(profile, np.uint8)
            spec.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{len(data)}]"), data)
        elif color:
            spec.attribute("CICP", oiio.TypeDesc("int[4]"), np.array((*color, 0, 1), np.int32))
        return spec


def _is_opaque(image: Any) -> bool:
    return image.getextrema()[3] == (255, 255)


def _register_heif(path: Path) -> None:
    try:
        import pillow_heif
    except ImportError as error:
        message = f"{excerpt(path)} is a phone's HEIC photograph, which the extra impasto[formats] reads"
        remedy = f"export it as JPEG, or `pip install impasto[formats]`: {sys.executable} -I -m pip install pillow-heif"
        raise FileError(message, remedy) from error
    pillow_heif.register_heif_opener(thumbnails=False)


def _as_linear_dds(path: Path) -> io.BytesIO:
    """The file, whose format is called by the name of the same one without sRGB, which Pillow knows."""
    data = bytearray(read_bytes(path, MAX_DDS_BYTES))
    if data[84:88] == b"DX10" and data[128] in SRGB_FORMATS:
        data[128] -= 1
    return io.BytesIO(data)


def _with_z(rows: np.ndarray) -> np.ndarray:
    """Normals (n, W, 3), uint8, of rows whose red and green are x and y."""
    return (with_blue(rows / np.float32(255)) * 255 + 0.5).astype(np.uint8)
