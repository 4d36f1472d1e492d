"""Photographs that are larger than their results need, reduced by a whole number as they are read.

A phone's 48 megapixels would take gigabytes and minutes, of which a texture of a thousand pixels a side shows nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..surface.resizing import resize, resized_map
from ..texture import COLOR_MAPS, Maps, Texture
from .scanlines import Scanlines

PHOTOGRAPH_PX = 2**24
"""Pixels up to which nothing is reduced: 16 megapixels."""


@dataclass(frozen=True)
class Wanted:
    """The parts of a file that are wanted.

    alone_as: the map that a picture alone is read as if colours would be converted. enough_px: number of pixels that
    are enough of a photograph, 0 for all. takes_light: whether colours above 1 are wanted, as light. keeps_broken:
    whether pixels with values that are NaN or infinite are wanted, as NaN, to be mended. upright: whether the EXIF
    orientation is applied, which Blender ignores. color_space: name of the one that takes the place of what files say
    of their colours; "" for that.
    """

    alone_as: str = "base_color"
    enough_px: int = 0
    takes_light: bool = False
    keeps_broken: bool = False
    upright: bool = True
    color_space: str = ""

    def color_space_of(self, name: str) -> str:
        """The name of the colour space for a map: none for data."""
        return self.color_space if name in COLOR_MAPS else ""


ALL = Wanted()


def reduction(size_px: tuple[int, int], enough_px: int) -> int:
    """The whole number by which the sides of a photograph (height, width) are divided; 1 for one that is small."""
    pixels = size_px[0] * size_px[1]
    return math.ceil(math.sqrt(pixels / enough_px)) if enough_px and pixels > PHOTOGRAPH_PX else 1


def reduction_note(divisor: int, size_px: tuple[int, int]) -> str:
    """Words on the scale that a photograph was read at; size_px: its (height, width) now."""
    height, width = size_px
    return f"the photograph is read at 1/{divisor} of its size, as {width}x{height} px: its result shows no more"


def reduced(maps: Maps, enough_px: int) -> Maps:
    """Maps as they would be read if `enough_px` are enough: their blocks of whole pixels averaged."""
    divisor = reduction(maps.size_px, enough_px)
    if divisor == 1:
        return maps
    rows, columns = (side // divisor for side in maps.size_px)
    textures = {
        name: resized_map(name, replace(one, pixels=one.pixels[: rows * divisor, : columns * divisor]), (rows, columns))
        for name, one in maps.items()
    }
    return replace(maps, textures=textures, notes=(*maps.notes, reduction_note(divisor, (rows, columns))))


@dataclass(frozen=True)
class PixelBlocks:
    """Blocks of stored pixels that are averaged, from those that are the top left ones of the upright picture.

    divisor: side of a block. skipped: stored rows and columns before the first one. size: number of blocks along them.
    """

    divisor: int
    skipped: tuple[int, int]
    size: tuple[int, int]

    @classmethod
    def of(cls, lines: Scanlines, divisor: int, flipped: tuple[bool, bool]) -> PixelBlocks:
        """The blocks of a picture whose stored rows and columns may run backwards in the upright one."""
        rest = [side % divisor * flips for side, flips in zip(lines.size_px, flipped, strict=True)]
        height, width = (side // divisor for side in lines.size_px)
        return cls(divisor, (rest[0], rest[1]), (height, width))

    def bands(self, lines: Scanlines) -> Iterator[tuple[int, np.ndarray]]:
        """(first row of blocks, stored rows of whole blocks), from the top."""
        if self.divisor == 1:
            yield from lines.bands()
            return
        (skip, left), (height, width) = self.skipped, self.size
        kept, done = [], 0
        for top, rows in lines.bands():
            kept.append(rows[max(0, skip - top) :, left : left + width * self.divisor])
            count = min(sum(map(len, kept)) // self.divisor, height - done)
            if not count:
                continue
            band = np.concatenate(kept)
            yield done, band[: count * self.divisor]
            kept, done = [band[count * self.divisor :]], done + count

    def mean(self, name: str, values: np.ndarray) -> np.ndarray:
        """Means (k, w, C) of blocks of values in [0, 1] (k·divisor, w·divisor, C); colour is averaged as light."""
        if self.divisor == 1:
            return values
        size = len(values) // self.divisor, self.size[1]
        if name != "base_color":
            return resize(values, size)
        return resized_map(name, Texture(np.ascontiguousarray(values, np.float32), "srgb"), size).pixels
