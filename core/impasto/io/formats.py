"""File formats for maps and packed pictures: PNG and OpenEXR, and those that plugins add."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..texture import Maps, Texture
from .color_conversion import TOLERANCE
from .encode import ExrRows, PngRows, RowWriter, encode_whole
from .packing import Layout


@dataclass(frozen=True)
class Exporter:
    """A file format for maps: `encode(layout, texture, metadata) -> bytes`.

    `start(path, layout, size_px, metadata) -> Rows` is given by formats that can be written row by row. keeps_light:
    whether it holds colours above 1.
    """

    name: str
    label: str
    suffix: str
    encode: Callable[[Layout, Texture, Mapping[str, str]], bytes]
    start: Callable[[Path, Layout, tuple[int, int], Mapping[str, str]], RowWriter] | None = None
    keeps_light: bool = False

    def notes_on(self, maps: Maps) -> tuple[str, ...]:
        """A sentence on colours above 1 that a file in this format does not keep, if there are any."""
        light = [float(one.pixels.max()) for one in maps.values() if one.color_space == "linear"]
        if self.keeps_light or max(light, default=0.0) <= 1 + TOLERANCE:
            return ()
        return (f"colours above 1, up to {max(light):.4g}, are white in this file: write EXR to keep them",)

    def begin(
        self, path: Path, layout: Layout, size_px: tuple[int, int], metadata: Mapping[str, str]
    ) -> RowWriter | AtOnce:
        """A file to write bands of rows to; a format without `start` accepts only a single band."""
        if self.start is None:
            return AtOnce(path, lambda texture: self.encode(layout, texture, metadata))
        return self.start(path, layout, size_px, metadata)


@dataclass(frozen=True)
class AtOnce:
    """A file in a format that has to be encoded as a whole."""

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
