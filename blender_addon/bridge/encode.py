# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as files, by Blender's own encoders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ..core.io.metadata import PNG_SIGNATURE
from ..core.system.transaction import temporary_folder
from . import headers
from .images import MAP, NO_OPACITY, RECIPE, ImagePixels, add, pixels_of

TEMPORARY = ".impasto"
"""Name of an image that exists only while it is encoded."""


def write(image: bpy.types.Image, folder: Path) -> Path:
    """Write an image to a file: its packed file if that is plain (see `headers`), else a PNG. On the main thread."""
    packed = b"" if image.is_dirty or not image.packed_file else bytes(image.packed_file.data)
    if packed and image.alpha_mode not in NO_OPACITY and headers.is_plain(packed[: headers.HEAD_BYTES]):
        data, ending = packed, ".png" if packed.startswith(PNG_SIGNATURE) else ".jpg"
    else:
        data, ending = _png_of(pixels_of(image)), ".png"
    path = folder / f"{bpy.path.clean_name(Path(image.name).stem)}{ending}"
    path.write_bytes(data)
    return path


def _png_of(picture: ImagePixels) -> bytes:
    """A picture as PNG, with 16 bits a channel for floats, else 8."""
    arrays = picture.to_pixels().arrays
    pixels = np.concatenate(list(arrays.values()), axis=2)[::-1]
    if pixels.dtype == np.float32:
        return encode_png(pixels, bits=16)
    return encode_png(pixels / np.float32(255), bits=8)


def join_alpha(color: bpy.types.Image, alpha: bpy.types.Image) -> bpy.types.Image:
    """One image with a base colour and its opacity. It replaces the images of both."""
    name, bits = color.name, 16 if color.is_float else 8
    pixels = np.concatenate([_values(color), _values(alpha)[..., :1]], axis=2)
    image = add(name, color[MAP], encode_png(pixels[::-1], bits), None)
    for key in (MAP, RECIPE):
        image[key] = color[key]
    bpy.data.images.remove(color)
    bpy.data.images.remove(alpha)
    image.name = name
    return image


def _values(image: bpy.types.Image) -> np.ndarray:
    """An image's colours (H, W, 3) as floats in [0, 1], encoded, row 0 at the top."""
    pixels = pixels_of(image).to_pixels().arrays["base_color"]
    return pixels if pixels.dtype == np.float32 else pixels / np.float32(255)


def encode_map(values: np.ndarray) -> bytes:
    """PNG file of a map (H, W, C), row 0 at the top: 8 bits for integers, 16 for floats. On the main thread."""
    channels = np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values
    if values.dtype == np.uint8:
        return encode_png(channels[::-1] / np.float32(255), bits=8)
    return encode_png(channels[::-1], bits=16)


@dataclass(frozen=True)
class FileFormat:
    """A format of pictures. kind: Blender's name of the format. bits: bits of a channel; OpenEXR has floats."""

    kind: str
    suffix: str
    bits: int

    @property
    def is_linear(self) -> bool:
        """Whether colours are stored as light, not sRGB-encoded."""
        return self.kind == "OPEN_EXR"


def encode_png(pixels: np.ndarray, bits: int) -> bytes:
    """Blender's PNG file of encoded values (H, W, 3 or 4) in [0, 1], row 0 at the bottom. On the main thread."""
    return encode_file(pixels, FileFormat("PNG", ".png", bits))


def encode_file(pixels: np.ndarray, file_format: FileFormat, *, is_color: bool = False) -> bytes:
    """Blender's file of values (H, W, 3 or 4), as they are, row 0 at the bottom. On the main thread.

    is_color: OpenEXR files say that they are in the working space, not that they hold data.
    """
    height, width, channels = pixels.shape
    has_alpha, is_float = channels == 4, file_format.bits > 8  # Blender writes 16 bits of float images, else 8
    values = np.ones((height, width, 4), np.float32)
    values[..., :channels] = pixels
    if is_float and has_alpha:  # Blender holds floats multiplied by their alpha
        values[..., :3] *= values[..., 3:]
    image = bpy.data.images.new(TEMPORARY, width, height, alpha=has_alpha, float_buffer=is_float, is_data=True)
    try:
        image.pixels.foreach_set(values.ravel())
        with temporary_folder() as folder:
            path = folder / f"encoded{file_format.suffix}"
            if file_format.is_linear and (is_color or file_format.bits == 16):
                _save_by_scene(image, path, file_format)
            else:
                image.file_format = file_format.kind
                image.filepath_raw = str(path)
                image.save()
            return path.read_bytes()
    finally:
        bpy.data.images.remove(image)


def _save_by_scene(image: bpy.types.Image, path: Path, file_format: FileFormat) -> None:
    """Write an image as it is by the settings of a scene, which alone have half floats and the working space."""
    scene = bpy.data.scenes.new(TEMPORARY)
    try:
        settings = scene.render.image_settings
        settings.file_format, settings.color_depth = file_format.kind, str(file_format.bits)
        settings.color_mode = "RGB"
        image.save_render(str(path), scene=scene)
    finally:
        bpy.data.scenes.remove(scene)
