"""Small pictures of maps: a surface under a light, and the thumbnail in a model file."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np

from ..errors import ModelError
from ..system.untrusted import excerpt
from ..texture import Maps
from .color import linear_pixels, linear_to_srgb
from .resizing import size_at_most

THUMBNAIL_PX = 128
MAX_BYTES = 20_000
LARGEST_BYTES, LARGEST_PX = 200_000, 1024
"""Limits of the thumbnails of other people's models."""
LIGHT: np.ndarray = np.array([-0.45, 0.45, 0.77], np.float32)
"""Direction to the light, from the upper left: x right, y up, z to the viewer."""
AMBIENT = 0.35


def lit_picture(maps: Maps) -> np.ndarray:
    """Base colour (H, W, 3), sRGB-encoded in [0, 1], under a light from the upper left if there are normals.

    Grey without a base colour. A flat surface keeps its own colours.
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
    """The thumbnail in a model's header (base64), b"" for none. ModelError if it is not a small picture."""
    try:
        picture = base64.b64decode(text, validate=True)
    except ValueError:
        picture = b"?"
    if picture and not _is_thumbnail(picture):
        raise ModelError(f"the thumbnail of {excerpt(path)} is no small picture", "download the model again")
    return picture


def _is_thumbnail(data: bytes) -> bool:
    """Whether it is a picture that is small in bytes and in pixels."""
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

    pixels = lit_picture(maps)
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.round(pixels[top : top + side, left : left + side] * 255).astype(np.uint8)
    image = Image.fromarray(square).resize((side_px, side_px), Image.Resampling.LANCZOS)
    for quality in (88, 75, 60, 40, 20):
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality, optimize=True)
        if stream.tell() <= MAX_BYTES:
            break
    return stream.getvalue()
