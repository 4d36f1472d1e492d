"""UDIM tiles: unit squares in UV space, each with a texture of its own. Tools see them side by side on one sheet.

NumPy only: the extension joins and splits UDIM tiles, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .errors import Message, ParameterError
from .system.untrusted import excerpt

FIRST, COLUMNS, ROWS = 1001, 10, 100
TOKEN = "<UDIM>"
"""Placeholder for the number of a UDIM tile in the file names of a tiled image."""
GAP_PX = 4
"""Pixels by which a UDIM tile is extended on each side, so that samples at its border never reach the next one."""


def tile_numbers(squares: np.ndarray) -> np.ndarray:
    """Numbers (…) of UDIM tiles in these columns and rows (…, 2); 0 without a tile."""
    column, row = np.moveaxis(squares.astype(int), -1, 0)
    is_known = (column >= 0) & (column < COLUMNS) & (row >= 0) & (row < ROWS)
    return np.where(is_known, FIRST + column + COLUMNS * row, 0)


def square(number: int) -> tuple[int, int]:
    """Column and row of a UDIM tile."""
    return (number - FIRST) % COLUMNS, (number - FIRST) // COLUMNS


def tile_suffix(suffix: str, number: int) -> str:
    """Suffix of the file of a UDIM tile, .1001.png. Number 0, a picture without UDIM tiles, keeps the suffix."""
    return f".{number}{suffix}" if number else suffix


def tile_key(map_name: str, number: int) -> str:
    """Key of a map of a UDIM tile, base_color.1001; the name of the map for number 0."""
    return f"{map_name}{tile_suffix('', number)}"


def tile_of(key: str) -> tuple[str, int]:
    """Map and number in a `tile_key`; the number is 0 if there is none."""
    name, _, number = key.partition(".")
    return (name, int(number)) if number.isdecimal() else (key, 0)


@dataclass(frozen=True)
class TileSheet:
    """UDIM tiles from left to right, with a gap around each: ascending numbers, and sizes (height, width)."""

    numbers: tuple[int, ...]
    sizes_px: tuple[tuple[int, int], ...]
    gap_px: int = GAP_PX

    def __post_init__(self) -> None:
        is_ascending = list(self.numbers) == sorted(set(self.numbers)) and len(self.sizes_px) == len(self.numbers) > 0
        if not (is_ascending and all(FIRST <= number < FIRST + COLUMNS * ROWS for number in self.numbers)):
            remedy = Message("number them from {} to {}, each with a size", FIRST, FIRST + COLUMNS * ROWS - 1)
            raise ParameterError("a tiled image has the tiles {}", remedy, excerpt(self.numbers))

    @property
    def size_px(self) -> tuple[int, int]:
        """(height, width) of the sheet."""
        heights, widths = zip(*self.sizes_px, strict=True)
        return max(heights) + 2 * self.gap_px, sum(widths) + 2 * self.gap_px * len(widths)

    @property
    def longest_px(self) -> int:
        """Longest side of all UDIM tiles."""
        return max(max(size) for size in self.sizes_px)

    @property
    def lefts(self) -> list[int]:
        """Left border of each UDIM tile on the sheet."""
        widths = [width + 2 * self.gap_px for _, width in self.sizes_px]
        return [sum(widths[:index]) + self.gap_px for index in range(len(widths))]

    def pixels_of(self, tiles: Mapping[int, np.ndarray]) -> np.ndarray:
        """The sheet (H, W, C), from the pixels of all UDIM tiles by number, in the sizes of the sheet."""
        height, gap = self.size_px[0], self.gap_px
        parts = [tiles[number] for number in self.numbers]
        margins = [((gap, height - gap - len(part)), (gap, gap), (0, 0)) for part in parts]
        return np.concatenate([np.pad(part, one, mode="edge") for part, one in zip(parts, margins, strict=True)], 1)

    def split(self, pixels: np.ndarray) -> dict[int, np.ndarray]:
        """Pixels (h, w, C) of each UDIM tile, from a sheet (H, W, C), which may have been enlarged or reduced."""
        down, across = (now / before for now, before in zip(pixels.shape[:2], self.size_px, strict=True))
        top, found = round(self.gap_px * down), {}
        for number, left, (height, width) in zip(self.numbers, self.lefts, self.sizes_px, strict=True):
            first = round(left * across)
            rows, columns = max(1, round(height * down)), max(1, round(width * across))
            found[number] = np.ascontiguousarray(pixels[top : top + rows, first : first + columns])
        return found

    def numbers_of(self, uvs: np.ndarray) -> np.ndarray:
        """Number (T,) of the UDIM tile with the centre of each triangle; 0 outside the sheet. uvs: UVs (T, 3, 2)."""
        found = tile_numbers(np.floor(uvs.mean(1)))
        return np.where(np.isin(found, self.numbers), found, 0)

    def uvs_of(self, uvs: np.ndarray) -> np.ndarray:
        """UVs (T, 3, 2) on the sheet, from the UVs of triangles that lie on its UDIM tiles."""
        tile = np.searchsorted(self.numbers, self.numbers_of(uvs))
        inside = uvs.astype(np.float64) - np.array([square(number) for number in self.numbers])[tile][:, None]
        heights, widths = np.array(self.sizes_px)[tile].T[..., None]
        across = (np.array(self.lefts)[tile][:, None] + inside[..., 0] * widths) / self.size_px[1]
        down = (self.gap_px + (1 - inside[..., 1]) * heights) / self.size_px[0]
        return np.stack([across, 1 - down], -1).astype(np.float32)


def sheet_of(tiles: Mapping[int, np.ndarray]) -> TileSheet:
    """The sheet for UDIM tiles, from their pixels by number."""
    numbers = tuple(sorted(tiles))
    return TileSheet(numbers, tuple((tiles[number].shape[0], tiles[number].shape[1]) for number in numbers))
