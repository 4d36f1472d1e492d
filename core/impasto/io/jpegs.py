"""Pictures that OpenImageIO does not decode as stored: by Pillow, of 12 bits per channel by imagecodecs.

Each is decoded whole when its first rows are requested, after its header has been checked.
"""

from __future__ import annotations

import functools
import io
import shutil
import sys
import warnings
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import FileError
from ..system.transaction import temporary_folder
from ..system.untrusted import excerpt, explain, open_file

SCAN, END = b"\xff\xda", b"\xff\xd9"
READ_AT_ONCE = 2**20


def lacks_end(stream: IO[bytes]) -> bool:
    """Whether a JPEG has no end marker after its last scan; what other programs append follows the marker."""
    stream.seek(-len(END), 2)
    if stream.read() == END:
        return False
    stream.seek(0)
    last = {SCAN: -1, END: -1}
    tail, position = b"", 0
    while block := stream.read(READ_AT_ONCE):
        block = tail + block
        for marker in last:
            if (found := block.rfind(marker)) >= 0:
                last[marker] = position + found
        tail, position = block[-1:], position + len(block) - 1
    return last[END] < last[SCAN]


class CutJPEG:
    """An 8-bit JPEG without its end marker, which is decoded from a copy that has one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, top: int, end: int) -> np.ndarray:
        """Rows (n, W, C), uint8. ValueError if more is missing than the marker."""
        return self._pixels[top:end]

    @functools.cached_property
    def _pixels(self) -> np.ndarray:
        import OpenImageIO as oiio

        with temporary_folder() as folder:
            copy = folder / "a.jpg"
            shutil.copyfile(self._path, copy)
            with copy.open("ab") as stream:
                stream.write(END)
            source: Any = oiio.ImageInput.open(str(copy))
            pixels = source.read_image(0, 0, 0, source.spec().nchannels, "uint8")
            reason = source.geterror().replace(f'("{copy}")', "")
            source.close()
        if reason or pixels is None:
            raise ValueError(reason)
        return pixels


class ModePicture:
    """A picture in a mode of Pillow's. CMYK is amounts of ink, even if Adobe software stored them inverted.

    kind: Pillow's name of the format. is_inverted: whether its opacity is, as Pillow reads a TGA's one bit. is_cut:
    whether it is a JPEG without its end marker.
    """

    def __init__(self, path: Path, kind: str, mode: str, *, is_inverted: bool = False, is_cut: bool = False) -> None:
        self._path, self._kind, self._mode, self._is_inverted, self._is_cut = path, kind, mode, is_inverted, is_cut

    def rows(self, top: int, end: int) -> np.ndarray:
        """Rows (n, W, C), uint8. Raises any of Pillow's exceptions if the file is damaged."""
        rows = np.atleast_3d(np.asarray(self._image.crop((0, top, self._image.width, end)).convert(self._mode)))
        return rows ^ np.array([0, 0, 0, 255], np.uint8) if self._is_inverted else rows

    @functools.cached_property
    def _image(self) -> Any:
        from PIL import Image

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            data: Any = self._path
            if self._is_cut:
                CutJPEG(self._path).rows(0, 0)  # Pillow does not tell that pixels are missing
                data = io.BytesIO(self._path.read_bytes() + END)
            image = Image.open(data, formats=[self._kind])
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
