"""Grids of captioned pictures, as contact sheets show them."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..system.untrusted import printable

CELL_PX = 256
CAPTION_PX = 16
TEXT_COLOR = (230, 230, 230)


def cell(caption: str, pixels: np.ndarray, side_px: int = CELL_PX) -> Any:
    """A cell with its caption: the centre of a picture (H, W, 3) in [0, 1], enlarged if smaller than the cell."""
    from PIL import Image

    height, width = pixels.shape[:2]
    side = min(height, width, side_px)
    top, left = (height - side) // 2, (width - side) // 2
    part = np.round(np.clip(pixels[top : top + side, left : left + side], 0, 1) * 255).astype(np.uint8)
    resized = Image.fromarray(part).resize((side_px, side_px), Image.Resampling.NEAREST)
    image = empty_cell(caption, side_px)
    image.paste(resized, (0, CAPTION_PX))
    return image


def empty_cell(caption: str = "", side_px: int = CELL_PX) -> Any:
    """A black cell with its caption, which is shortened in its middle to fit."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (side_px, side_px + CAPTION_PX))
    draw = ImageDraw.Draw(image)
    letters = [letter for letter in unicodedata.normalize("NFKD", caption) if not unicodedata.combining(letter)]
    plain = printable("".join(letters)).replace("\n", " ")
    plain = plain.encode("ascii", "replace").decode()  # all that Pillow's own font has
    text, kept = plain, len(plain)
    while draw.textlength(text) > side_px - 8 and kept > 2:
        kept -= 1
        text = f"{plain[: kept - kept // 2]}...{plain[len(plain) - kept // 2 :]}"
    draw.text((4, 2), text, fill=TEXT_COLOR)
    return image


def grid(
    cells: Sequence[Any], columns: int, gap_px: int = 0, margin_px: int = 0, color: tuple[int, int, int] = (0, 0, 0)
) -> bytes:
    """PNG of cells in rows of `columns`, with gaps below and to the right of each, and a margin above and to the left.

    All places are as large as the largest cell; color: of what no cell covers.
    """
    from PIL import Image

    width, height = (max(sides) + gap_px for sides in zip(*(one.size for one in cells), strict=True))
    columns = min(columns, len(cells))
    sheet = Image.new("RGB", (columns * width + margin_px, -(-len(cells) // columns) * height + margin_px), color)
    for index, one in enumerate(cells):
        sheet.paste(one, (margin_px + index % columns * width, margin_px + index // columns * height))
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()
