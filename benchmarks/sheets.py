"""Sheets of pictures in rows and columns with captions, to compare methods and settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

MARGIN_PX = 8
CAPTION_PX = 20
TITLE_PX = 34
PAPER, INK = (24, 24, 26), (228, 226, 220)


@dataclass(frozen=True)
class Cell:
    """A picture (H, W, 3) in [0, 1], or None for an empty place, and the caption below it."""

    pixels: np.ndarray | None = None
    caption: str = ""


def grid(rows: Sequence[Sequence[Cell]], title: str = "", cell_px: int = 256) -> Image.Image:
    """A sheet of rows under a title. Pictures are `cell_px` wide, and at most twice as high."""
    shown = [
        [(None if (of := cell.pixels) is None else fitted(of, cell_px), cell.caption) for cell in row] for row in rows
    ]
    heights = [max((picture.height for picture, _ in row if picture), default=0) for row in shown]
    width = max(map(len, rows)) * (cell_px + MARGIN_PX) + MARGIN_PX
    top = TITLE_PX if title else MARGIN_PX
    sheet = Image.new("RGB", (width, top + sum(heights) + len(rows) * (CAPTION_PX + MARGIN_PX)), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    draw.text((MARGIN_PX, MARGIN_PX), title, INK, ImageFont.load_default(16))
    for row, height in zip(shown, heights, strict=True):
        for column, (picture, caption) in enumerate(row):
            left = MARGIN_PX + column * (cell_px + MARGIN_PX)
            if picture:
                sheet.paste(picture, (left + (cell_px - picture.width) // 2, top + (height - picture.height) // 2))
            draw.text((left + 2, top + height + 2), caption, INK, font)
        top += height + CAPTION_PX + MARGIN_PX
    return sheet


def in_rows(cells: Sequence[Cell], columns: int, cell_px: int) -> Image.Image:
    """A sheet of cells, so many in a row."""
    return grid([cells[index : index + columns] for index in range(0, len(cells), columns)], cell_px=cell_px)


def fitted(pixels: np.ndarray, cell_px: int) -> Image.Image:
    """The picture (H, W, 3), `cell_px` wide, and at most twice as high."""
    picture = Image.fromarray((np.clip(pixels, 0, 1) * 255).round().astype(np.uint8))
    factor = min(cell_px / picture.width, 2 * cell_px / picture.height)
    size = round(picture.width * factor), round(picture.height * factor)
    return picture.resize(size, Image.Resampling.LANCZOS)


def tiled(pixels: np.ndarray) -> np.ndarray:
    """Two by two copies of (H, W, 3)."""
    return np.tile(pixels, (2, 2, 1))
