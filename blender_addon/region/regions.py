# SPDX-License-Identifier: GPL-3.0-or-later
"""The region of an image: a mask that is kept with it as a custom property, and never touches its pixels.

So it is saved with the file, and Blender's undo knows it. Masks are bool (H, W), row 0 at the top; those of a tiled
image lie on the picture of all its tiles.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from functools import lru_cache

import bpy
import numpy as np

from ..bridge import images, tiles
from ..bridge.inputs import image_called
from ..core.engine.messages import JobInput
from ..core.errors import ParameterError
from ..core.udim import tile_key, tile_of
from .shapes import Size, TileGrid, resize

REGION = "impasto_region"
"""Custom property of an image: "WIDTHxHEIGHT " and the packed, compressed bits in base64."""
HALF = 0.5
"""Grey level of a mask image from which a pixel belongs to the region."""


def grid_of(image: bpy.types.Image) -> TileGrid:
    """The tiles of an image, one if it is not tiled. Raise ParameterError if it can have no region."""
    if image.source != tiles.TILED:
        images.check_single(image)
    sizes = tiles.sizes_of(image)
    if not all(height * width for height, width in sizes.values()):
        raise ParameterError("the image {} has no pixels", "find its missing file, or choose another image", image.name)
    return TileGrid(sizes)


def size_of(image: bpy.types.Image) -> Size:
    """(height, width) of an image's region. Raise ParameterError if it can have none."""
    return grid_of(image).size_px


def has_region(image: bpy.types.Image | None) -> bool:
    """Whether an image has a region; cheap enough for a panel."""
    return image is not None and REGION in image


def region_of(image: bpy.types.Image) -> np.ndarray:
    """The image's region at its size, not to be modified; empty if it has none."""
    size = size_of(image)
    mask = _decode(str(image.get(REGION, "")))
    return np.zeros(size, bool) if mask is None else resize(mask, size)


def keep(image: bpy.types.Image, mask: np.ndarray) -> None:
    """Make a mask the image's region; an empty one removes it."""
    if mask.any():
        image[REGION] = encode(mask)
    elif REGION in image:
        del image[REGION]


def encode(mask: np.ndarray) -> str:
    """A mask as the text of the property."""
    height, width = mask.shape
    return f"{width}x{height} {base64.b64encode(zlib.compress(np.packbits(mask).tobytes(), 1)).decode()}"


@lru_cache(maxsize=4)
def _decode(text: str) -> np.ndarray | None:
    """The mask in a property's text; None if it holds none, as it may come from another program."""
    try:
        size, data = text.split()
        width, height = map(int, size.split("x"))
        wanted = -(-width * height // 8)
        bits = np.frombuffer(zlib.decompressobj().decompress(base64.b64decode(data), wanted), np.uint8)
        return np.unpackbits(bits[:wanted])[: width * height].astype(bool).reshape(height, width)
    except (ValueError, binascii.Error, zlib.error):
        return None


def mask_in(black_and_white: bpy.types.Image, image: bpy.types.Image) -> np.ndarray:
    """Mask of an image, from a black and white one; if only the image is tiled, the same on each tile."""
    with tiles.single_images(black_and_white) as found:
        parts = {number: _mask(images.pixels_of(one).to_pixels().arrays, "base_color") for number, one in found.items()}
    return grid_of(image).joined(parts)


def mask_from(arrays: Mapping[str, np.ndarray], image: bpy.types.Image) -> np.ndarray:
    """Mask of an image from the arrays of a picture, tiled or not: its brightness, or else its opacity."""
    keys = {tile_of(key)[1]: key for key in sorted(arrays, reverse=True)}  # the base colour last
    return grid_of(image).joined({number: _mask(arrays, key) for number, key in keys.items()})


def _mask(arrays: Mapping[str, np.ndarray], key: str) -> np.ndarray:
    array = arrays[key]
    scale = 1 if array.dtype.kind == "f" else np.iinfo(array.dtype).max
    return array.mean(2) > HALF * scale


def mask_or_region(image: bpy.types.Image, mask: str) -> np.ndarray:
    """Mask of the image of this name, or else the region of the image. Raise ParameterError if that is empty."""
    found = mask_in(image_called(mask), image) if mask else region_of(image)
    if not found.any():
        if mask:
            raise ParameterError("the mask {} is black", "paint white where the image shall be filled", mask)
        raise ParameterError("the image {} has no region", "paint one, or give mask=NAME", image.name)
    return found


def as_picture(parts: Mapping[int, np.ndarray], name: str) -> JobInput:
    """A mask, by tile, as the picture that tools take, white within; or colours uint8 (H, W, 3) as they are."""
    colors = {
        tile_key("base_color", number): part if part.ndim == 3 else np.repeat(part[..., None], 3, 2) * np.uint8(255)
        for number, part in parts.items()
    }
    return JobInput(arrays=colors, name=name)
