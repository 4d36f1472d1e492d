"""A small picture as it is stored in files of every kind, and what must be read of it."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from impasto import read_maps
from impasto.surface.color import srgb_to_linear

HEIGHT, WIDTH = 24, 40


EXACT, TWELVE_BIT, EIGHT_BIT, HALF, LOSSY = 1e-5, 1e-4, 0.002, 0.002, 0.03
"""Tolerances: of rounding, of a step of 12 or 8 bits, of half floats (11 significant bits), of JPEG."""


def colors() -> np.ndarray:
    """A gradient (H, W, 3) from 0 to 1, each channel in another direction."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    return np.stack([x / (WIDTH - 1), y / (HEIGHT - 1), (x + y) / (WIDTH + HEIGHT - 2)], 2)


def stored(bits: int) -> np.ndarray:
    return np.round(colors() * (2**bits - 1)).astype(np.uint8 if bits <= 8 else np.uint16)


RGB8, RGB16, LINEAR = stored(8), stored(16), srgb_to_linear(colors())


GREY8, GREY16 = RGB8[..., 2], RGB16[..., 2]


INK = np.dstack([255 - RGB8, np.full((HEIGHT, WIDTH), 40, np.uint8)])


INK_SEEN = (1 - INK[..., :3] / 255) * (1 - INK[..., 3:] / 255)


def grey(values: np.ndarray, largest: int) -> np.ndarray:
    return np.repeat(values[..., None] / largest, 3, axis=2)


def check(path: Path, color: np.ndarray, opacity: np.ndarray | None = None, tolerance: float = EXACT) -> None:
    """Hold that a picture reads as this colour (H, W, 3) and opacity (H, W)."""
    maps = read_maps(path)
    assert ("opacity" in maps) == (opacity is not None)
    visible = np.ones((HEIGHT, WIDTH), bool) if opacity is None else opacity > 0.05
    assert np.abs(maps["base_color"].pixels - color)[visible].max() < tolerance
    if opacity is not None:
        assert np.abs(maps["opacity"].pixels[..., 0] - opacity).max() < tolerance


def write_image(path: Path, pixels: np.ndarray, kind: str = "float", icc: bytes = b"", **attributes: object) -> Path:
    """A file of pixels (H, W, C) by OpenImageIO. attributes: values, or pairs of a type and a value."""
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], kind)
    if icc:
        spec.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{len(icc)}]"), np.frombuffer(icc, np.uint8))
    for name, value in attributes.items():
        spec.attribute(name, *(value if isinstance(value, tuple) else (value,)))
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec)
    assert output.write_image(np.ascontiguousarray(pixels))
    output.close()
    output.geterror()
    return path


def exr(path: Path, *parts: tuple[np.ndarray, list[str]], spec: oiio.ImageSpec | None = None) -> Path:
    """An EXR of parts: pixels (H, W, C) and the names of their channels. spec: of a single part, with its windows."""
    specs, given = [], spec
    for index, (pixels, names) in enumerate(parts):
        spec = given or oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], "float")
        spec.channelnames = names
        spec.attribute("oiio:subimagename", f"part {index}")
        specs.append(spec)
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), tuple(specs) if len(specs) > 1 else specs[0])
    for index, (pixels, _) in enumerate(parts):
        assert index == 0 or output.open(str(path), specs[index], "AppendSubimage")
        assert output.write_image(np.ascontiguousarray(pixels, np.float32))
    output.close()
    return path


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
