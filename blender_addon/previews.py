# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of an unfinished result as an icon for the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
import bpy.utils.previews

if TYPE_CHECKING:
    import numpy as np

    from .tasks import Task

SIDE_PX = 128


class _Shown:
    """The one preview that is shown; made when first needed, since panels ask at every redraw."""

    def __init__(self) -> None:
        self.collection: bpy.utils.previews.ImagePreviewCollection | None = None
        self.pixels: np.ndarray | None = None
        self.count = 0

    def icon_of(self, pixels: np.ndarray) -> int:
        if self.collection is None:
            self.collection = bpy.utils.previews.new()
        if pixels is not self.pixels:
            self.pixels = pixels
            self.count += 1
            self.collection.clear()
            _fill(self.collection.new(f"preview {self.count}"), pixels)
        return self.collection[f"preview {self.count}"].icon_id

    def clear(self) -> None:
        if self.collection is not None:
            bpy.utils.previews.remove(self.collection)
        self.collection, self.pixels = None, None


_shown = _Shown()
unregister = _shown.clear


def icon_of(task: Task) -> int:
    """The icon of a task's latest preview; 0 where it has none."""
    return 0 if task.preview is None else _shown.icon_of(task.preview)


def _fill(preview: bpy.types.ImagePreview, pixels: np.ndarray) -> None:
    """Thin uint8 RGB (H, W, 3) out to the icon's size, with Blender's row order and alpha."""
    import numpy as np

    step = -(-max(pixels.shape[:2]) // SIDE_PX)
    small = pixels[::-step, ::step].astype(np.float32) / 255
    height, width, _ = small.shape
    preview.image_size = (width, height)
    preview.image_pixels_float.foreach_set(np.concatenate([small, np.ones((height, width, 1), np.float32)], 2).ravel())
