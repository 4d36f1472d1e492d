"""Small pictures of maps: a material under a light, the thumbnail in a model file, and grids of captioned pictures."""

from __future__ import annotations

import base64
import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelError
from ..system.untrusted import excerpt, printable
from ..texture import Maps
from .color import linear_pixels, linear_to_srgb
from .resizing import size_at_most

THUMBNAIL_PX = 128
MAX_BYTES = 20_000
LARGEST_BYTES, LARGEST_PX = 200_000, 1024
"""Limits of thumbnails in models from other people."""
LIGHT: np.ndarray = np.array([-0.45, 0.45, 0.77], np.float32)
"""Direction to the light, from the upper left: x right, y up, z to the viewer."""
AMBIENT = 0.35
CELL_PX = 256
CAPTION_PX = 16
TEXT_COLOR = (230, 230, 230)


def lit_picture(maps: Maps) -> np.ndarray:
    """Base colour (H, W, 3), sRGB-encoded in [0, 1], under a light from the upper left if there are normals.

    It is grey without a base colour. Flat materials keep their colours.
    """
    grey = np.full((*maps.size_px, 3), 0.4, np.float32)
    linear = linear_pixels(maps["base_color"]) if "base_color" in maps else grey
    if "normal" in maps:
        normals = maps["normal"].pixels * 2 - 1
        facing = np.maximum(normals @ LIGHT, 0)[..., None] / LIGHT[2]
        linear = linear * (AMBIENT + (1 - AMBIENT) * facing)
    return linear_to_srgb(np.clip(linear, 0, 1)).astype(np.float32)


def scale_down(maps: Maps, longest_px: int) -> np.ndarray:
    """`lit_picture(maps)` as uint8 RGB (H, W, 3), shrunk by area averages to a longer side of at most longest_px."""
    from PIL import Image

    pixels = np.round(lit_picture(maps) * 255).astype(np.uint8)
    size_px = size_at_most(pixels.shape, longest_px)
    return np.asarray(Image.fromarray(pixels).resize(size_px[::-1], Image.Resampling.BOX))


def decode_thumbnail(text: str, path: Path) -> bytes:
    """The thumbnail in a model's header (base64), b"" for none. Raise ModelError if it is not a small picture."""
    try:
        picture = base64.b64decode(text, validate=True)
    except ValueError:
        picture = b"?"
    if picture and not _is_thumbnail(picture):
        raise ModelError("the thumbnail of {} is no small picture", "download the model again", excerpt(path))
    return picture


def _is_thumbnail(data: bytes) -> bool:
    """Whether the data is a picture with few bytes and few pixels."""
    from PIL import Image

    if len(data) > LARGEST_BYTES:
        return False
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as image:
            if max(image.size) > LARGEST_PX:
                return False
            image.load()
    except Exception:  # noqa: BLE001  decoders raise many kinds for damaged files
        return False
    return True


def thumbnail(maps: Maps, side_px: int = THUMBNAIL_PX) -> bytes:
    """JPEG of the central square of `lit_picture(maps)`, side_px wide and at most `MAX_BYTES` long."""
    from PIL import Image

    image = _centre_of(lit_picture(maps)).resize((side_px, side_px), Image.Resampling.LANCZOS)
    for quality in (88, 75, 60, 40, 20):
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality, optimize=True)
        if stream.tell() <= MAX_BYTES:
            break
    return stream.getvalue()


def cell(caption: str, pixels: np.ndarray, side_px: int = CELL_PX) -> Any:
    """A captioned cell with the centre of a picture (H, W, 3) in [0, 1], enlarged if it is smaller than the cell."""
    from PIL import Image

    resized = _centre_of(pixels, side_px).resize((side_px, side_px), Image.Resampling.NEAREST)
    image = empty_cell(caption, side_px)
    image.paste(resized, (0, CAPTION_PX))
    return image


def _centre_of(pixels: np.ndarray, most_px: int | None = None) -> Any:
    """The central square, with at most this side, of a picture (H, W, 3) in [0, 1]."""
    from PIL import Image

    height, width = pixels.shape[:2]
    side = min(height, width, most_px or width)
    top, left = (height - side) // 2, (width - side) // 2
    return Image.fromarray(np.round(np.clip(pixels[top : top + side, left : left + side], 0, 1) * 255).astype(np.uint8))


def empty_cell(caption: str = "", side_px: int = CELL_PX) -> Any:
    """A black cell with a caption, whose middle is left out if it is too long."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (side_px, side_px + CAPTION_PX))
    draw = ImageDraw.Draw(image)
    letters = [letter for letter in unicodedata.normalize("NFKD", caption) if not unicodedata.combining(letter)]
    plain = printable("".join(letters)).replace("\n", " ")
    plain = plain.encode("ascii", "replace").decode()  # all that Pillow's own font has
    text, count = plain, len(plain)
    while draw.textlength(text) > side_px - 8 and count > 2:
        count -= 1
        text = f"{plain[: count - count // 2]}...{plain[len(plain) - count // 2 :]}"
    draw.text((4, 2), text, fill=TEXT_COLOR)
    return image


def grid(
    cells: Sequence[Any], columns: int, gap_px: int = 0, margin_px: int = 0, color: tuple[int, int, int] = (0, 0, 0)
) -> bytes:
    """PNG of cells in rows of `columns`, with gaps below and to the right of each, and a margin above and to the left.

    All positions are as large as the largest cell. color: color of the background.
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
