"""Reduction of large photographs by a whole number while they are read.

A phone's 48 megapixels would take gigabytes and minutes, and a texture of a thousand pixels a side does not show them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..errors import Message
from ..surface.resizing import resize, resized_map
from ..texture import COLOR_MAPS, Maps, Texture
from .scanlines import Scanlines

PHOTOGRAPH_PX = 2**24
"""Photographs of up to 16 megapixels are not reduced."""


@dataclass(frozen=True)
class Wanted:
    """Options for reading a file.

    alone_as: the map as which a single picture is read if its colours would have to be converted. enough_px: number of
    pixels that are enough of a photograph; 0 for all. takes_light: read colours above 1 as linear light. keeps_broken:
    read pixels with NaN or infinite values as NaN, so that they can be repaired; otherwise they are an error. upright:
    apply the EXIF orientation, which Blender ignores. color_space: name of a colour space that overrides what the files
    say; "" for what they say.
    """

    alone_as: str = "base_color"
    enough_px: int = 0
    takes_light: bool = False
    keeps_broken: bool = False
    upright: bool = True
    color_space: str = ""

    def color_space_of(self, name: str) -> str:
        """The name of the colour space for reading a map; "" for a map that is not a colour."""
        return self.color_space if name in COLOR_MAPS else ""


ALL = Wanted()


def reduction(size_px: tuple[int, int], enough_px: int) -> int:
    """The whole number by which the sides of a photograph (height, width) are divided; 1 if it is small enough."""
    pixels = size_px[0] * size_px[1]
    return math.ceil(math.sqrt(pixels / enough_px)) if enough_px and pixels > PHOTOGRAPH_PX else 1


def reduction_note(divisor: int, size_px: tuple[int, int]) -> str:
    """A note on the scale at which a photograph was read. size_px: its (height, width) now."""
    height, width = size_px
    note = "the photograph is read at 1/{} of its size, as {}x{} px: its result shows no more"
    return Message(note, divisor, width, height)


def reduced(maps: Maps, enough_px: int) -> Maps:
    """The maps reduced as a file is when it is read with `enough_px`: blocks of whole pixels are averaged."""
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
    """Blocks of stored pixels that are averaged. The blocks begin at the top left corner of the upright picture.

    divisor: side of a block. skipped: stored rows and columns before the first block. size: number of rows and columns
    of blocks.
    """

    divisor: int
    skipped: tuple[int, int]
    size: tuple[int, int]

    @classmethod
    def of(cls, lines: Scanlines, divisor: int, flipped: tuple[bool, bool]) -> PixelBlocks:
        """The blocks of a picture. flipped: whether stored rows and columns run backwards in the upright picture."""
        rest = [side % divisor * flips for side, flips in zip(lines.size_px, flipped, strict=True)]
        height, width = (side // divisor for side in lines.size_px)
        return cls(divisor, (rest[0], rest[1]), (height, width))

    def bands(self, lines: Scanlines) -> Iterator[tuple[int, np.ndarray]]:
        """Bands from the top as (first row of blocks, the stored rows of whole blocks)."""
        if self.divisor == 1:
            yield from lines.bands()
            return
        (skip, left), (height, width) = self.skipped, self.size
        selected, done = [], 0
        for top, rows in lines.bands():
            selected.append(rows[max(0, skip - top) :, left : left + width * self.divisor])
            count = min(sum(map(len, selected)) // self.divisor, height - done)
            if not count:
                continue
            band = np.concatenate(selected)
            yield done, band[: count * self.divisor]
            selected, done = [band[count * self.divisor :]], done + count

    def mean(self, name: str, values: np.ndarray) -> np.ndarray:
        """Means (k, w, C) of blocks of values in [0, 1] (k·divisor, w·divisor, C). Colour is averaged as light."""
        if self.divisor == 1:
            return values
        size = len(values) // self.divisor, self.size[1]
        if name != "base_color":
            return resize(values, size)
        return resized_map(name, Texture(np.ascontiguousarray(values, np.float32), "srgb"), size).pixels
