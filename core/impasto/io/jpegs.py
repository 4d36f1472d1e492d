"""JPEGs that OpenImageIO does not decode as stored: CMYK by Pillow, 12 bits per channel by imagecodecs.

Each is decoded whole when its first rows are requested, after its header has been checked.
"""

from __future__ import annotations

import functools
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError
from ..system.untrusted import excerpt, explain, open_file

SCAN, END = b"\xff\xda", b"\xff\xd9"


class CMYKJPEG:
    """An 8-bit CMYK JPEG. Its values are amounts of ink, even if Adobe software stored them inverted."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, top: int, end: int) -> np.ndarray:
        """Rows (n, W, 4), uint8. Raises any of Pillow's exceptions if the file is damaged."""
        return np.asarray(self._image.crop((0, top, self._image.width, end)))

    @functools.cached_property
    def _image(self) -> Any:
        from PIL import Image

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(self._path, formats=["JPEG"])
            image.load()
        return image


class TwelveBitJPEG:
    """A JPEG with 12 bits per channel, of shape (H, W, C). FileError without the extra `formats`.

    is_cmyk: whether it is CMYK, which Photoshop stores inverted.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int], is_cmyk: bool) -> None:
        self._path, self._shape, self._is_cmyk = path, shape, is_cmyk
        try:
            import imagecodecs
        except ImportError as error:
            message = f"{excerpt(path)} is a JPEG of 12 bits a channel, which the extra impasto[formats] reads"
            remedy = (
                f"save it as 16-bit PNG or TIFF, or install the extra: {sys.executable} -I -m pip install imagecodecs"
            )
            raise FileError(message, remedy) from error
        self._decode = imagecodecs.jpeg8_decode
        with open_file(path) as stream, explain(path, "read"):
            self.file_bytes = stream.seek(0, 2)

    def rows(self, top: int, end: int) -> np.ndarray:
        """Rows (n, W, C), uint16 from 0 to 65535. Raises any of imagecodecs' exceptions if the file is damaged."""
        stored = self._pixels[top:end]
        rows = stored << 4 | stored >> 8
        return ~rows if self._is_cmyk else rows

    @functools.cached_property
    def _pixels(self) -> np.ndarray:
        """Stored values (H, W, C) from 0 to 4095. The size must be the one in the header that was checked."""
        with open_file(self._path) as stream:
            data = stream.read(self.file_bytes)
        if data.rfind(END) < data.rfind(SCAN):
            raise ValueError("its pixels end early")  # libjpeg would fill the missing part with grey
        height, width, channels = self._shape
        shape = self._shape if channels > 1 else (height, width)
        decoded = self._decode(data, out=np.empty(shape, np.uint16))
        return decoded.reshape(self._shape)
