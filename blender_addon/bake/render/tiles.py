# SPDX-License-Identifier: GPL-3.0-or-later
"""UDIM tiles: squares of UVs, each with an image, which are baked one above the other on one canvas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from bpy.types import Mesh

from ...bridge.meshes import values_in
from ...core.udim import FIRST, tile_numbers

AWAY = -2.0
"""Shift of faces in no tile, off the canvas."""


@dataclass(frozen=True)
class Tiles:
    """Numbers of the tiles on a canvas, from the bottom up; none: the canvas is the 0–1 square."""

    numbers: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Squares on the canvas."""
        return len(self.numbers) or 1

    def squares(self, mesh: Mesh, uv_map: str) -> tuple[np.ndarray, np.ndarray]:
        """UVs (L, 2) of a mesh's corners in the squares of their faces, and those squares' rows (L) on the canvas."""
        uvs = _uvs(mesh, uv_map)
        if not self.numbers:
            return uvs, np.zeros(len(uvs))
        corners = _tiles(mesh, uvs)
        numbers = tile_numbers(corners)
        rows = np.searchsorted(self.numbers, numbers)
        return uvs - corners, np.where(numbers > 0, rows, AWAY)

    def canvas(self, mesh: Mesh, uv_map: str) -> np.ndarray:
        """UVs (L, 2) of a mesh's corners on the canvas, which is a square of its own."""
        uvs, rows = self.squares(mesh, uv_map)
        uvs[:, 1] = (uvs[:, 1] + rows) / self.count
        return uvs

    def split(self, pixels: np.ndarray) -> dict[int, np.ndarray]:
        """Pixels (H, W, C) of each tile of a canvas, row 0 at the bottom."""
        return dict(zip(self.numbers, np.split(pixels, self.count), strict=True)) if self.numbers else {}


NO_TILES = Tiles()


def tiles_of(meshes: Sequence[tuple[Mesh, str]]) -> Tiles:
    """The tiles in which faces of meshes lie, by their centres."""
    found = [np.unique(tile_numbers(_tiles(mesh, _uvs(mesh, uv_map)))) for mesh, uv_map in meshes]
    return Tiles(tuple(int(one) for one in np.unique(np.concatenate(found)) if one) or (FIRST,))


def _tiles(mesh: Mesh, uvs: np.ndarray) -> np.ndarray:
    """Column and row (L, 2) of the tile of each corner's face."""
    faces = (len(mesh.polygons),)
    starts, totals = (values_in(mesh.polygons, name, faces, np.int32) for name in ("loop_start", "loop_total"))
    if not len(starts):
        return np.zeros_like(uvs)
    centres = np.add.reduceat(uvs, starts) / totals[:, None]
    return np.repeat(np.floor(centres), totals, axis=0)


def _uvs(mesh: Mesh, uv_map: str) -> np.ndarray:
    """UVs (L, 2) of the corners."""
    uvs = values_in(mesh.uv_layers[uv_map].data, "uv", (len(mesh.loops), 2), np.float32)
    return uvs.astype(np.float64)
