"""File formats for maps and packed pictures: PNG and OpenEXR, and those that plugins add."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..texture import Texture
from .encode import ExrRows, PngRows, RowWriter, encode_whole
from .packing import Layout


@dataclass(frozen=True)
class Exporter:
    """A file format for maps: `encode(layout, texture, metadata) -> bytes`.

    `start(path, layout, size_px, metadata) -> Rows` is given by formats that can be written row by row.
    """

    name: str
    label: str
    suffix: str
    encode: Callable[[Layout, Texture, Mapping[str, str]], bytes]
    start: Callable[[Path, Layout, tuple[int, int], Mapping[str, str]], RowWriter] | None = None

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


def _by_rows(name: str, label: str, suffix: str, start: Callable[..., RowWriter]) -> Exporter:
    return Exporter(name, label, suffix, partial(encode_whole, start), start)


BUILTIN_EXPORTERS = (
    _by_rows("png", "PNG, 8 bits a channel", ".png", partial(PngRows, bits=8)),
    _by_rows("png16", "PNG, 16 bits a channel", ".png", partial(PngRows, bits=16)),
    _by_rows("exr", "OpenEXR, half float", ".exr", ExrRows),
)
