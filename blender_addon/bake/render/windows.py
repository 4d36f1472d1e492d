# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows: the part of a shared image in which an object's islands lie.

Cycles goes through all pixels for each object that it bakes. With a window for each, baking a hundred objects into one
image takes as long as their islands, not a hundred images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from bpy.types import Mesh, Scene

from ...core.errors import ParameterError
from .cover import TEMPORARY
from .parts import Part, evaluated_meshes
from .tiles import NO_TILES, Tiles

LARGEST = 0.5
"""Share of the image up to which a window saves time."""
EXACT = 1e-5
"""Difference of UVs, in windows, that is rounding."""


@dataclass(frozen=True)
class Window:
    """Pixels from the left and from the bottom of an image, and the window's own width and height."""

    left: int
    bottom: int
    width: int
    height: int

    @property
    def pixels(self) -> tuple[slice, slice]:
        """Its place in an image (H, W)."""
        return slice(self.bottom, self.bottom + self.height), slice(self.left, self.left + self.width)

    def uvs(self, uvs: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
        """UVs (L, 2) of the image as those of the window."""
        return (uvs * size_px - (self.left, self.bottom)) / (self.width, self.height)


def window_of(uvs: np.ndarray, size_px: tuple[int, int]) -> Window:
    """The window that holds UVs (L, 2), as far as they lie in an image of this width and height."""
    low = np.clip(np.floor(uvs.min(axis=0) * size_px) - 1, 0, np.array(size_px) - 1).astype(int)
    high = np.clip(np.ceil(uvs.max(axis=0) * size_px) + 1, low + 1, size_px).astype(int)
    return Window(*low.tolist(), *(high - low).tolist())


def with_windows(
    scene: Scene, parts: Sequence[Part], tiles: Tiles, size_px: tuple[int, int]
) -> list[tuple[Part, Window]]:
    """The parts, each with a window where that saves time, and UVs for it; a part without one has the whole image.

    Modifiers that change UVs by their name leave those of a window behind: then there is none. ParameterError where
    there must be some, since there are tiles.
    """
    whole = Window(0, 0, *size_px)
    found = [window_of(tiles.canvas(*one), size_px) for one in evaluated_meshes(scene, parts)]
    windows = [one if one.width * one.height < LARGEST * size_px[0] * size_px[1] else whole for one in found]
    for part, window in zip(parts, windows, strict=True):
        mesh = part.subject.data
        if (tiles.numbers or window != whole) and (layer := mesh.uv_layers.new(name=TEMPORARY, do_init=False)):
            uvs = window.uvs(tiles.canvas(mesh, part.uv_map), size_px)
            layer.data.foreach_set("uv", uvs.astype("float32").ravel())
    chosen = []
    for part, window, (mesh, uv_map) in zip(parts, windows, evaluated_meshes(scene, parts), strict=True):
        is_right = TEMPORARY in mesh.uv_layers and _is_same(mesh, window.uvs(tiles.canvas(mesh, uv_map), size_px))
        if tiles.numbers and not is_right:
            raise ParameterError(
                f"the modifiers of {part.name} change its UVs, which tiles must not",
                "apply them, or bake without UDIM Tiles",
            )
        chosen.append((replace(part, uv_map=TEMPORARY), window) if is_right else (part, whole))
    return chosen


def _is_same(mesh: Mesh, uvs: np.ndarray) -> bool:
    return bool(abs(NO_TILES.canvas(mesh, TEMPORARY) - uvs).max() < EXACT)
