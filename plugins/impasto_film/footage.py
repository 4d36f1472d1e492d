"""Footage: frames and movies without motion vectors, whose motion is estimated from their pictures.

The estimate is dense inverse search (Kroeger et al. 2016), from OpenCV, which also reads the movies.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import FileError, PluginError
from impasto.io.decode import read_picture
from impasto.io.formats import PngRows, write_whole
from impasto.io.packing import Layout
from impasto.io.reduction import Wanted
from impasto.io.scanlines import MEMORY_BYTES, SMALLER
from impasto.system.names import usable_name
from impasto.system.transaction import temporary_folder
from impasto.system.untrusted import check_file, excerpt, open_file
from impasto.texture import Maps, Texture

from .frames import RENDERED, check_count, check_numbers, frames_of, numbered_files
from .passes import ShotFrame, mend_pixels, read_frame, write_repainted

MOVIES = frozenset((".mp4", ".mov", ".mkv", ".avi", ".webm", ".gif", ".ogv"))
LEAST_PX = 16
"""Least height and width of pictures whose motion can be estimated."""
MOST_BYTES = 2**37
"""Largest movie file, 128 GiB: an hour and a half of ProRes in 4K."""
LEAST_READ = 0.9
"""Least share of the stated frames; with fewer, a movie was cut off. Some formats only estimate the number."""
PX_BYTES = 32
"""Memory per pixel of a movie's picture: in the decoder, in OpenCV's result, and as floats."""
READ_AS = {  # playlists are excluded: they name other files
    "OPENCV_FFMPEG_CAPTURE_OPTIONS": "format_whitelist;mov,mp4,matroska,webm,avi,gif,ogg",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
}
"""Environment for OpenCV: FFmpeg reads only the formats of `MOVIES`, and writes nothing to the terminal."""


def _is_movie(shot: Path) -> bool:
    return shot.suffix.lower() in MOVIES


def _is_rendered(path: Path) -> bool:
    return path.suffix.lower() == RENDERED


def frame_at(frames: Mapping[int, Path], number: int) -> ShotFrame:
    """A frame of a shot, with its rendered or estimated motion. Raise FileError if it cannot be read."""
    if _is_rendered(frames[number]):
        return read_frame(frames[number])
    maps, mended_px = _read_mended(frames[number])
    color = maps["base_color"].pixels
    opacity = maps["opacity"].pixels if "opacity" in maps else np.ones_like(color[..., :1])
    to_previous, to_next = (
        optical_flow(color, read_colors(frames[other])["base_color"].pixels)
        if other in frames
        else np.zeros((*maps.size_px, 2), np.float32)
        for other in (number - 1, number + 1)
    )
    index = np.zeros(maps.size_px, np.float32)
    return ShotFrame(color, opacity, to_previous, to_next, index, True, mended_px=mended_px)


def read_colors(path: Path) -> Maps:
    """A picture with a base colour. Raise FileError if it cannot be read, or holds other values, such as heights.

    If a few pixels are NaN or infinite, they get the values of the nearest valid pixels.
    """
    return _read_mended(path)[0]


def _read_mended(path: Path) -> tuple[Maps, int]:
    """Result of `read_colors`, and number of pixels that were NaN or infinite."""
    maps = read_picture(path, wanted=Wanted(keeps_broken=True))
    if "base_color" not in maps:
        raise FileError("{} has values that are no colours", "save it as PNG, JPEG or WebP", excerpt(path))
    return maps, mend_pixels([texture.pixels for texture in maps.values()], path)


def optical_flow(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Offsets (H, W, 2), in rows and columns, from the pixels of a picture (H, W, 3) to the same points in another.

    0 everywhere if the pictures differ in size or are too small. Raise PluginError without the extra `footage`.
    """
    cv2 = _opencv()
    if here.shape != there.shape or min(here.shape[:2]) < LEAST_PX:
        return np.zeros((*here.shape[:2], 2), np.float32)
    method = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    method.setFinestScale(0)  # to parts of a pixel
    grey = (cv2.cvtColor((255 * color).round().astype(np.uint8), cv2.COLOR_RGB2GRAY) for color in (here, there))
    return np.ascontiguousarray(method.calc(*grey, None)[..., ::-1])


def painted_name(path: Path) -> str:
    """The file name of a painted frame: pictures become PNG."""
    return path.name if _is_rendered(path) else f"{path.stem}.png"


def painted_color(path: Path) -> np.ndarray:
    """The colours (H, W, 3) of a painted frame's file."""
    return read_frame(path).color if _is_rendered(path) else read_colors(path)["base_color"].pixels


def write_painted(path: Path, frame: ShotFrame, color: np.ndarray, metadata: Mapping[str, str]) -> np.ndarray:
    """Write a painted frame, with its opacity and other passes, and return its rounded colours (H, W, 3).

    Raise FileError if it cannot be written.
    """
    if frame.passes is not None:
        return write_repainted(path, frame, color, metadata)
    write_picture(path, color, frame.opacity, metadata)
    return painted_color(path)


def shot_files(shot: Path, first: int | None = None, last: int | None = None) -> list[Path]:
    """Files of a shot's frames, or its movie. Errors are those of `frames_of`."""
    return [shot] if _is_movie(shot) else list(frames_of(shot, first, last).values())


def check_shot(shot: Path) -> None:
    """Raise FileError if there is no such shot. Frames are not counted, because some may still be rendering."""
    if _is_movie(shot):
        check_file(shot, MOST_BYTES)
    else:
        numbered_files(shot)


def shot_name(shot: Path) -> str:
    """Name for the results of a shot: the name of its folder or movie, or the beginning of its pattern."""
    named = shot.stem if _is_movie(shot) else re.split(r"[\W_]*#", shot.absolute().name)[0]
    return usable_name(named or shot.absolute().parent.name)


@contextmanager
def frames_on_disk(shot: Path, first: int | None = None, last: int | None = None) -> Iterator[dict[int, Path]]:
    """Context with the frames by number, as from `frames_of`. Frames of a movie are in a temporary folder.

    Frames of a movie are counted from 1. Raise FileError if the shot cannot be read.
    """
    if not _is_movie(shot):
        yield frames_of(shot, first, last)
        return
    check_file(shot, MOST_BYTES)
    with temporary_folder() as folder:
        found: dict[int, Path] = {}
        for number, color in enumerate(_pictures(shot), 1):
            if number >= (first or 0):
                check_count(found, shot)
                found[number] = folder / f"{shot_name(shot)}_{number:04}.png"
                write_picture(found[number], color, np.ones_like(color[..., :1]), {})
            if last is not None and number >= last:
                break
        yield check_numbers(found, shot, first, last)


def write_picture(path: Path, color: np.ndarray, opacity: np.ndarray, metadata: Mapping[str, str]) -> None:
    """Write a PNG of colours (H, W, 3), sRGB, and of opacity (H, W, 1) other than 1. Raise FileError if it fails."""
    pixels = color if (opacity == 1).all() else np.concatenate([color, opacity], -1)
    layout = Layout(pixels.shape[-1], True)
    write_whole(PngRows(path, layout, pixels.shape[:2], metadata, bits=8), Texture(pixels, "srgb"))


def _pictures(movie: Path) -> Iterator[np.ndarray]:
    """The pictures (H, W, 3) of a movie. Raise FileError if it has none, or if they are too large.

    OpenCV gets the open file, because it would take a name with %02d for a sequence.
    """
    cv2 = _opencv()
    with open_file(movie) as stream:
        reader = cv2.VideoCapture(stream, cv2.CAP_FFMPEG, [])
        size_px = tuple(int(reader.get(one)) for one in (cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_WIDTH))
        stated, is_read, count = int(reader.get(cv2.CAP_PROP_FRAME_COUNT)), reader.isOpened(), 0
        while is_read:
            _check_size(movie, size_px)  # before the first is decoded
            is_read, stored = reader.read()
            if is_read:
                count, size_px = count + 1, stored.shape[:2]
                _check_size(movie, size_px)
                yield stored[..., ::-1].astype(np.float32) / 255
        reader.release()
    if not count:
        raise FileError("{} cannot be read as a movie", "export it again, as MP4 with H.264", excerpt(movie))
    if count + 1 < LEAST_READ * stated:  # GIF states one too many
        message = "{} ends after {:,} of {:,} frames"
        raise FileError(message, "export it again, or give --last {}", excerpt(movie), count, stated, count)


def _check_size(movie: Path, size_px: tuple[int, ...]) -> None:
    height, width = size_px
    if PX_BYTES * height * width > MEMORY_BYTES:
        message = "{} has frames of {}x{} px, the limit is {:,} px"
        raise FileError(message, SMALLER, excerpt(movie), width, height, MEMORY_BYTES // PX_BYTES)


def _opencv() -> Any:
    """OpenCV with one thread: its flow depends on the number of threads. Raise PluginError if it is not installed."""
    for name, value in READ_AS.items():
        os.environ.setdefault(name, value)
    try:
        import cv2
    except ImportError as error:
        message = "movies, and frames without motion vectors, need a package that is missing ({})"
        remedy = "install the extra: {} -I -m pip install opencv-python-headless"
        raise PluginError(message, remedy, error, sys.executable) from error
    cv2.setNumThreads(1)
    (cv2 if hasattr(cv2, "setLogLevel") else cv2.utils.logging).setLogLevel(0)  # OpenCV 4 and 5: silent
    return cv2
