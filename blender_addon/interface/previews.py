# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures in panels: unfinished results, and the thumbnails of models and styles."""

from __future__ import annotations

import base64
import contextlib
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
import bpy.utils.previews
import numpy as np

from ..jobs.task import Task

SIDE_PX = 512


class _Icons:
    """Blender's icons by name, made when they are first needed, since panels ask at every redraw."""

    def __init__(self) -> None:
        self.collection: bpy.utils.previews.ImagePreviewCollection | None = None
        self.pixels: dict[str, tuple[np.ndarray, int]] = {}
        self.keys: dict[str, str] = {}
        self.count = 0

    def icon_of(self, name: str, pixels: np.ndarray, repeats: int = 1) -> int:
        """Icon of these pixels, repeated `repeats` times each way; it replaces the icon of this name."""
        before, before_repeats = self.pixels.get(name, (None, 1))
        if pixels is not before or repeats != before_repeats:
            self.count += 1
            self.pixels[name] = pixels, repeats
            self._forget(name)
            self.keys[name] = f"{name} {self.count}"
            _fill(self._collection().new(self.keys[name]), pixels, repeats)
        return self._collection()[self.keys[name]].icon_id

    def thumbnail(self, name: str, encoded: str) -> int:
        """Icon of a picture file in base64; Blender reads it when it is first drawn."""
        key = f"{name} {zlib.crc32(encoded.encode())}"
        if key not in self._collection():
            path = Path(bpy.app.tempdir) / f"impasto-{zlib.crc32(key.encode())}.jpg"
            with contextlib.suppress(OSError, ValueError):  # the panel must be drawn even if the disk is full
                path.write_bytes(base64.b64decode(encoded))
            self._collection().load(key, str(path), "IMAGE")
        return self._collection()[key].icon_id

    def of_file(self, path: Path) -> int:
        """Icon of a picture file; Blender reads it when it is first drawn."""
        key = f"file {path}"
        if key not in self._collection():
            self._collection().load(key, str(path), "IMAGE")
        return self._collection()[key].icon_id

    def clear(self) -> None:
        if self.collection is not None:
            bpy.utils.previews.remove(self.collection)
        self.collection = None
        self.pixels.clear()
        self.keys.clear()

    def _collection(self) -> bpy.utils.previews.ImagePreviewCollection:
        if self.collection is None:
            self.collection = bpy.utils.previews.new()
        return self.collection

    def _forget(self, name: str) -> None:
        if key := self.keys.pop(name, None):
            del self._collection()[key]


_icons = _Icons()
unregister = _icons.clear
icon_of_pixels = _icons.icon_of
icon_of_file = _icons.of_file


def icon_of(task: Task) -> int:
    """Icon of a task's latest preview; 0 if it has none."""
    if task.preview is None:
        return 0
    return _icons.icon_of("training" if task.is_long else "task", task.preview)


def icon_of_image(image: bpy.types.Image) -> int:
    """Icon of an image of the .blend; Blender draws it in the background."""
    return image.preview_ensure().icon_id


def icon_of_thumbnail(name: str, encoded: str) -> int:
    """Icon of a picture file in base64, stored under this name; 0 for an empty one."""
    return _icons.thumbnail(name, encoded) if encoded else 0


def icon_of_model(model: Mapping[str, Any]) -> int:
    """Icon of a model's thumbnail; 0 if it has none."""
    return _icons.thumbnail(f"model {model['name']}", model["thumbnail"]) if model["thumbnail"] else 0


def icon_of_tool(tool: Mapping[str, Any]) -> int:
    """Icon of a tool's thumbnail; 0 if it has none."""
    return _icons.thumbnail(f"tool {tool['name']}", tool["thumbnail"]) if tool["thumbnail"] else 0


def _fill(preview: bpy.types.ImagePreview, pixels: np.ndarray, repeats: int) -> None:
    """Fill an icon with uint8 RGB (H, W, 3), repeated, subsampled to its size, in Blender's row order with alpha."""
    pixels = np.tile(pixels, (repeats, repeats, 1))
    step = -(-max(pixels.shape[:2]) // SIDE_PX)
    small = pixels[::-step, ::step]
    height, width, _ = small.shape
    opaque = np.full((height, width, 4), 255, np.uint8)
    opaque[..., :3] = small
    preview.image_size = (width, height)
    preview.image_pixels.foreach_set(opaque.view(np.int32).ravel())  # one number for each pixel, which is fast
