# SPDX-License-Identifier: GPL-3.0-or-later
"""Images between Blender and Impasto: the only place that handles bottom-up rows and colour management.

Blender holds float images and bakes in the file's working space: Rec.709, or since 5.0 Rec.2020 or ACEScg. Impasto's
colours are linear Rec.709 or sRGB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Color

from ..core.engine.messages import JobInput
from ..core.errors import FileError, Message, ParameterError
from ..core.io.metadata import png_chunks
from ..core.io.signatures import EXTENSIONS
from ..core.recipe import Recipe
from ..core.surface.color import linear_to_srgb
from ..core.system.untrusted import parse_json, read_bytes
from ..core.udim import TOKEN
from . import headers
from .pixel_buffers import buffers

COLOR_MAPS = frozenset({"base_color", "emission", "vertex_color", "specular_tint", "coat_tint", "sheen_tint"})
MAP = "impasto_map"
"""Custom property with the name of an image's map."""
RECIPE = "impasto_recipe"
"""Custom property with the recipe of an image or a material, as JSON."""
STAND_IN = "impasto_stand_in"
"""Custom property of a material with small maps, in place of the maps that its recipe makes."""
MOST_BYTES = 2**31
"""Size limit of a file that is searched for a recipe."""
USUAL_SPACE = "sRGB"
"""Blender's name of the default colour space of 8-bit images."""
NO_OPACITY = ("NONE", "CHANNEL_PACKED")
"""Modes in which alpha is no opacity."""
TOLERANCE = 1 / 256
"""Rounding error that is accepted above 1."""


@dataclass(frozen=True)
class ImagePixels:
    """Pixels of an image as read on the main thread; `to_pixels` converts them on any other.

    to_rec709, from_rec709: matrices of the file's working space, in which Blender holds float colours. color_space:
    space of 8-bit colours, which Blender does not convert; "" for sRGB. is_packed: alpha is another map, no opacity.
    """

    name: str
    size_px: tuple[int, int]
    values: np.ndarray
    is_float: bool
    is_data: bool
    has_alpha: bool
    to_rec709: np.ndarray | None = None
    from_rec709: np.ndarray | None = None
    color_space: str = ""
    is_packed: bool = False

    def thumbnail(self, longest_px: int) -> ImagePixels:
        """Picture of the means of square blocks of pixels. The longer side is at least longest_px if it was before."""
        factor = max(self.size_px) // longest_px
        if factor < 2:
            return self
        height, width = (max(1, side // factor) for side in self.size_px)
        rows = self.values.reshape(*self.size_px, -1)[: height * factor, : width * factor]
        blocks = rows.reshape(height, min(factor, rows.shape[0]), width, min(factor, rows.shape[1]), -1)
        return replace(self, size_px=(height, width), values=blocks.mean((1, 3)).ravel())

    def to_pixels(self, *, with_packed: bool = False) -> JobInput:
        """Arrays of base_color and, if there is alpha, opacity, with row 0 at the top. 8-bit images stay 8-bit.

        with_packed: return alpha that is another map as opacity, too.
        """
        rows = self.values.reshape(*self.size_px, -1)[::-1]
        color, alpha = _color(rows), rows[..., -1:] if self.has_alpha else None
        if self.is_float and alpha is not None and not self.is_packed:
            color = np.divide(color, alpha, out=np.zeros_like(color), where=alpha > 0)
        if self.is_float:
            self._check_range(float(color.max(initial=0)))
        if self.is_float and not self.is_data:
            color = linear_to_srgb(np.clip(convert(color, self.to_rec709), 0, 1))
        arrays = {"base_color": color}
        if alpha is not None and (with_packed or not self.is_packed):
            arrays["opacity"] = alpha
        scale = 1 if self.is_float else 255
        dtype = np.float32 if self.is_float else np.uint8
        rounding = 0 if self.is_float else 0.5
        rounded = {name: (np.clip(array, 0, 1) * scale + rounding).astype(dtype) for name, array in arrays.items()}
        return JobInput(arrays=rounded, name=self.name, color_space=self.color_space)

    def _check_range(self, largest: float) -> None:
        """Raise ParameterError if values above 1 would be lost, as the engine does for files."""
        if not largest <= 1 + TOLERANCE:
            message = Message("the image {} has values above 1, up to {:.4g}, which would be lost", self.name, largest)
            raise ParameterError(message, "lower its exposure until all are at most 1, or save it as PNG")


def read(image: bpy.types.Image) -> Path | ImagePixels:
    """An image ready to send: its file if plain, else its pixels. Raise ParameterError unless it is a single image."""
    check_single(image)
    path = _untouched_file(image)
    is_plain = image.alpha_mode not in NO_OPACITY and not color_space_of(image)
    is_as_shown = path and is_plain and headers.is_plain_file(path)
    return path if path and is_as_shown else pixels_of(image)


def color_space_of(image: bpy.types.Image) -> str:
    """The colour space that the user chose for an 8-bit image; "" for sRGB, and for data and floats.

    Blender converts floats to its working space on loading, and leaves 8-bit colours as they are.
    """
    name = image.colorspace_settings.name
    return "" if image.is_float or image.colorspace_settings.is_data or name == USUAL_SPACE else name


def check_single(image: bpy.types.Image) -> None:
    if image.source in ("MOVIE", "SEQUENCE", "TILED"):
        kind = {"MOVIE": "a movie", "SEQUENCE": "a sequence", "TILED": "tiled (UDIM)"}[image.source]
        raise ParameterError("the image {} is {}", "choose a single image", image.name, kind)


def pixels_of(image: bpy.types.Image) -> ImagePixels:
    """Pixels of an image, even of a plain file. Raise ParameterError for several images, FileError without pixels."""
    check_single(image)
    width, height = image.size
    if width * height == 0:
        raise FileError("the image {} has no pixels", "find its missing file, or choose another image", image.name)
    has_alpha = image.depth == (128 if image.is_float else 32) and image.alpha_mode != "NONE"
    is_data = image.colorspace_settings.is_data
    spaces = to_rec709(), from_rec709()
    about = image.is_float, is_data, has_alpha
    is_packed = image.alpha_mode == "CHANNEL_PACKED"
    return ImagePixels(image.name, (height, width), values_of(image), *about, *spaces, color_space_of(image), is_packed)


def values_of(image: bpy.types.Image) -> np.ndarray:
    """Values of all channels of an image's pixels, flat."""
    values = buffers.take(len(image.pixels))
    image.pixels.foreach_get(values)
    return values


def add(name: str, map_name: str, data: bytes, recipe: Recipe | None) -> bpy.types.Image:
    """New image from the encoded file `data`, which is packed, in the colour space of its map, with its recipe."""
    image = bpy.data.images.new(name, 8, 8, is_data=map_name not in COLOR_MAPS)
    image.pack(data=data, data_len=len(data))
    image.source = "FILE"
    return label(image, map_name, recipe)


def load(path: Path, map_name: str, recipe: Recipe | None) -> bpy.types.Image:
    """Image of a file on disk, which is not packed. An image that already has this file is reloaded."""
    image = next((image for image in bpy.data.images if _file_of(image) == path), None)
    if image:
        image.reload()
    else:
        image = bpy.data.images.load(str(path))
        image.name = path.stem
    if map_name not in COLOR_MAPS:
        image.colorspace_settings.name = "Non-Color"
    return label(image, map_name, recipe)


def label(image: bpy.types.Image, map_name: str, recipe: Recipe | None) -> bpy.types.Image:
    """Store the map and the recipe of an image in properties, and return the image."""
    image[MAP] = map_name
    if recipe is not None:
        image[RECIPE] = recipe.to_json()
    return image


def made_with(image: bpy.types.Image) -> list[bpy.types.Image]:
    """All images with the recipe of this image, also of other runs: maps of its set, and of joined materials."""
    return [one for one in bpy.data.images if one.get(RECIPE) == image.get(RECIPE, "")]


def recipe_of(image: bpy.types.Image) -> Recipe:
    """Recipe that made an image, from its property or its file. Raise FileError if there is none."""
    if image.get(RECIPE):
        return Recipe.from_json(recipe_text(image))
    if about := metadata_of(image).get("recipe"):
        return Recipe.from_dict(about)
    message = "Impasto did not make the image {}: it has no recipe"
    raise FileError(message, "choose an image that Impasto made", image.name)


def recipe_text(item: bpy.types.ID) -> str:
    """JSON of the recipe in the property of an image or a material; empty without a recipe.

    If the property is no text, the result is a text that `Recipe.from_json` refuses.
    """
    found = item.get(RECIPE, "")
    return found if isinstance(found, str) else repr(found)


def metadata_of(image: bpy.types.Image) -> Mapping[str, Any]:
    """Metadata that Impasto wrote into an image's file; empty if there is none."""
    return _metadata(_file_bytes(image))


def recipe_in(item: bpy.types.ID) -> Recipe | None:
    """Recipe in the property of an image or a material; None without a readable recipe."""
    try:
        return Recipe.from_json(recipe_text(item)) if RECIPE in item else None
    except ParameterError:
        return None


def small(image: bpy.types.Image, longest_px: int) -> np.ndarray:
    """Pixels (H, W, 4) for a preview: as shown, scaled down, opaque, row 0 at the bottom."""
    copy = image.copy()
    try:
        width, height = copy.size
        ratio = min(1.0, longest_px / max(width, height, 1))
        copy.scale(max(1, round(width * ratio)), max(1, round(height * ratio)))
        pixels = np.empty((copy.size[1], copy.size[0], copy.channels), np.float32)
        copy.pixels.foreach_get(pixels.ravel())
    finally:
        bpy.data.images.remove(copy)
    color = _color(pixels)
    color = linear_to_srgb(convert(color, to_rec709()).clip(0, 1)) if image.is_float else color
    return np.concatenate([color, np.ones((*color.shape[:2], 1), np.float32)], axis=2).astype(np.float32)


def has_recipe(image: bpy.types.Image | None) -> bool:
    """Whether the image has a recipe as property, so that Impasto made it; cheap enough for a panel."""
    return image is not None and RECIPE in image


def _file_of(image: bpy.types.Image) -> Path | None:
    if image.source != "FILE" or image.packed_file or not image.filepath:
        return None
    return Path(bpy.path.abspath(image.filepath, library=image.library))


def _untouched_file(image: bpy.types.Image) -> Path | None:
    path = None if image.is_dirty else _file_of(image)
    return path if path and path.suffix.lower() in EXTENSIONS and path.is_file() else None


def _first_tile(image: bpy.types.Image) -> Path | None:
    """File of a tiled image's first tile."""
    pattern = bpy.path.abspath(image.filepath_raw, library=image.library)
    path = Path(pattern.replace(TOKEN, str(image.tiles[0].number)))
    return None if image.is_dirty or not path.is_file() else path


def _file_bytes(image: bpy.types.Image) -> bytes:
    if image.packed_file:
        return image.packed_file.data
    path = _first_tile(image) if image.source == "TILED" else _untouched_file(image)
    return read_bytes(path, MOST_BYTES) if path else b""


def _metadata(data: bytes) -> Mapping[str, Any]:
    """Metadata that Impasto wrote into a PNG: its iTXt chunk `impasto`, which comes before the pixels."""
    texts = (body for kind, body in png_chunks(data) if kind == b"iTXt")
    found = next((body for body in texts if body.startswith(b"impasto\0")), None)
    about = parse_json(found.split(b"\0", 5)[-1], "what Impasto wrote into the image") if found else {}
    return about if isinstance(about, dict) else {}


def _color(rows: np.ndarray) -> np.ndarray:
    """Three colour channels of (H, W, C); grey is repeated."""
    return rows[..., :3] if rows.shape[2] >= 3 else np.repeat(rows[..., :1], 3, axis=2)


ROUNDING = 1e-5
"""Difference from the identity below which a matrix is the identity."""


def working_space() -> str:
    """Name of the open file's working space; empty before Blender 5.0."""
    return bpy.data.colorspace.working_space if hasattr(bpy.data, "colorspace") else ""


def to_rec709() -> np.ndarray | None:
    """Matrix (3, 3) from scene-linear colours to linear Rec.709, by Blender's conversion; None if they are the same."""
    return _matrix("from_scene_linear_to_rec709_linear")


def from_rec709() -> np.ndarray | None:
    """Matrix (3, 3) from linear Rec.709 to scene-linear colours, by Blender's conversion; None if they are the same."""
    return _matrix("from_rec709_linear_to_scene_linear")


def _matrix(conversion: str) -> np.ndarray | None:
    """Matrix of a conversion of `Color` (Blender 5.0): its columns are the converted red, green and blue."""
    if not hasattr(Color, conversion):
        return None
    columns = [getattr(Color(primary), conversion)() for primary in np.eye(3)]
    matrix = np.array(columns, np.float32).T
    return None if np.abs(matrix - np.eye(3)).max() < ROUNDING else matrix


def convert(colors: np.ndarray, matrix: np.ndarray | None) -> np.ndarray:
    """Colours (…, 3) times a matrix of this module."""
    return colors if matrix is None else colors @ matrix.T
